// CloudWatch Logs' metric filters as Pulumi's `aws` provider shows them: what is counted in the lines of a log group.
import { filterPattern } from '../control-planes/logs/filter-pattern.ts';
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { at, oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html */
const mostOfGroup = 100;

export function logMetricFilter(account: AwsAccount): ResourceModel {
  const shelf = account.shelf('cloudwatch/logMetricFilter');
  return storedResource({
    module: 'cloudwatch/logMetricFilter',
    shelf,
    replaceOnChanges: ['name', 'logGroupName', 'region'],
    computed: ['region', 'applyOnTransformedLogs'],
    validate: filterFaults,
    // The vendor's own id is the name alone, and groups have filters of the same name.
    idOf: (inputs) => `${text(inputs, 'logGroupName')}:${text(inputs, 'name')}`,
    alreadyExists: () => undefined,
    create(inputs) {
      const group = text(inputs, 'logGroupName') ?? '';
      if (account.shelf('cloudwatch/logGroup').get(group) === undefined) {
        throw refused(inputs, 'ResourceNotFoundException: The specified log group does not exist.');
      }
      if (shelf.list((one) => one.logGroupName === group).length >= mostOfGroup) {
        throw refused(inputs, 'LimitExceededException: Resource limit exceeded.');
      }
      return { applyOnTransformedLogs: false };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}

function refused(inputs: Properties, why: string): CloudRefusal {
  return new CloudRefusal(
    `putting CloudWatch Logs Metric Filter (${text(inputs, 'name')}): operation error CloudWatch Logs: PutMetricFilter, https response error StatusCode: 400, ${why}`,
  );
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html */
function filterFaults(inputs: Properties): readonly InputFault[] {
  const transformation = 'metricTransformation';
  const both = ['defaultValue', 'dimensions'].every((key) => at(inputs, `${transformation}.${key}`) !== undefined);
  return [
    ...pattern(inputs, 'name', /^[^:*]{1,512}$/),
    ...pattern(inputs, `${transformation}.name`, /^[^:*$]{1,255}$/),
    ...pattern(inputs, `${transformation}.namespace`, /^[^:*$]{1,255}$/),
    ...pattern(inputs, `${transformation}.value`, /^(-?\d+(\.\d+)?|\$\.?[\w.[\]-]+)$/),
    ...pattern(inputs, `${transformation}.defaultValue`, /^-?\d+(\.\d+)?$/),
    ...oneOf(inputs, `${transformation}.unit`, units),
    ...(both ? [{ property: `${transformation}.defaultValue`, reason: 'conflicts with dimensions' }] : []),
    ...patternFaults(text(inputs, 'pattern')),
  ];
}

function patternFaults(asked: string | undefined): readonly InputFault[] {
  if (asked === undefined) return [];
  try {
    filterPattern(asked);
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [
      { property: 'pattern', reason: `InvalidParameterException: Invalid metric filter pattern: ${error.message}` },
    ];
  }
}

const sizes = [
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
];
const units = [
  ...['Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'Count', 'Count/Second', 'None'],
  ...sizes,
  ...sizes.map((size) => `${size}/Second`),
];
