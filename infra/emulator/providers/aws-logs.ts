// CloudWatch Logs and EventBridge Scheduler as Pulumi's `aws` provider shows them: log groups, and calls of AWS's own API by the clock.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { documentFaults } from './aws-documents.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0: for ever. */
const retentions = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function logGroup(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'cloudwatch/logGroup',
    shelf: account.shelf('cloudwatch/logGroup'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'logGroupClass', 'region'],
    computed: ['region', 'logGroupClass'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
      ...pattern(inputs, 'name', /^(?!aws\/)[\w./#-]{1,512}$/),
      ...oneOf(inputs, 'logGroupClass', ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']),
      ...(typeof inputs.retentionInDays !== 'number' || retentions.includes(inputs.retentionInDays)
        ? []
        : [{ property: 'retentionInDays', reason: `expected one of ${retentions}, found ${inputs.retentionInDays}` }]),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists,
    create(inputs, context, id) {
      // App Runner makes the groups of a service with the service: https://github.com/aws/apprunner-roadmap/issues/97
      if (id.startsWith('/aws/apprunner/')) throw new CloudRefusal(alreadyExists(id));
      const arn = `arn:aws:logs:${account.region(inputs, context)}:${account.id}:log-group:${id}`;
      return { arn, logGroupClass: 'STANDARD' };
    },
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

function alreadyExists(id: string): string {
  return `creating CloudWatch Logs Log Group (${id}): operation error CloudWatch Logs: CreateLogGroup, https response error StatusCode: 400, ResourceAlreadyExistsException: The specified log group already exists`;
}

export function schedule(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'scheduler/schedule',
    shelf: account.shelf('scheduler/schedule'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'groupName', 'region'],
    computed: ['region', 'groupName', 'state'],
    validate: scheduleFaults,
    idOf: (inputs) => `${text(inputs, 'groupName') ?? 'default'}/${text(inputs, 'name')}`,
    alreadyExists: (_id, inputs) =>
      `operation error Scheduler: CreateSchedule, https response error StatusCode: 409, ConflictException: Schedule ${text(inputs, 'name')} already exists.`,
    create(inputs, context, id) {
      if (account.assumeRefusal(text(inputs.target, 'roleArn') ?? '', 'scheduler.amazonaws.com') !== undefined) {
        throw new CloudRefusal(
          'operation error Scheduler: CreateSchedule, https response error StatusCode: 400, ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
        );
      }
      const arn = `arn:aws:scheduler:${account.region(inputs, context)}:${account.id}:schedule/${id}`;
      return { arn, groupName: 'default', state: 'ENABLED', scheduleExpressionTimezone: 'UTC' };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html */
function scheduleFaults(inputs: Properties): readonly InputFault[] {
  const target = inputs.target;
  const input = text(target, 'input');
  return [
    ...pattern(inputs, 'name', /^[\w.-]{1,64}$/),
    ...pattern(inputs, 'description', /^.{0,512}$/s),
    ...pattern(
      inputs,
      'scheduleExpression',
      /^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\(.+\)|at\(.+\))$/,
    ),
    ...oneOf(inputs, 'flexibleTimeWindow.mode', ['OFF', 'FLEXIBLE']),
    // What only reads can't be a target: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    ...pattern(
      inputs,
      'target.arn',
      /^arn:aws:(?!scheduler:::aws-sdk:\w+:(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet))/,
    ),
    ...(input === undefined ? [] : documentFaults({ 'target.input': input }, 'target.input')),
  ];
}
