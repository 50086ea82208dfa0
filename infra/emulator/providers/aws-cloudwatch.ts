// CloudWatch as Pulumi's `aws` provider shows it: alarms and dashboards, both put, never refused for being there.
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function metricAlarm(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'cloudwatch/metricAlarm',
    shelf: account.shelf('cloudwatch/metricAlarm'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'region'],
    computed: ['region'],
    validate: alarmFaults,
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: () => undefined,
    create(inputs, context, id) {
      const region = account.region(inputs, context);
      for (const action of [...arnsIn(inputs.alarmActions), ...arnsIn(inputs.okActions)]) {
        const [, , , theirs = ''] = action.split(':');
        if (theirs !== region) {
          throw new CloudRefusal(
            `creating CloudWatch Metric Alarm (${id}): operation error CloudWatch: PutMetricAlarm, https response error StatusCode: 400, ValidationError: Invalid region ${theirs} specified. Only ${region} is supported.`,
          );
        }
      }
      return { arn: `arn:aws:cloudwatch:${region}:${account.id}:alarm:${id}`, actionsEnabled: true };
    },
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

function arnsIn(actions: Property | undefined): readonly string[] {
  return isList(actions) ? actions.map(String) : [];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
function alarmFaults(inputs: Properties): readonly InputFault[] {
  const { evaluationPeriods, datapointsToAlarm, metricName, metricQueries, period } = inputs;
  const seconds = Number(typeof period === 'number' ? period : 60) * Number(evaluationPeriods);
  return [
    ...pattern(inputs, 'name', /^.{1,255}$/),
    ...pattern(inputs, 'alarmDescription', /^.{0,1024}$/s),
    ...oneOf(inputs, 'comparisonOperator', [
      'GreaterThanOrEqualToThreshold',
      'GreaterThanThreshold',
      'LessThanThreshold',
      'LessThanOrEqualToThreshold',
      'LessThanLowerOrGreaterThanUpperThreshold',
      'LessThanLowerThreshold',
      'GreaterThanUpperThreshold',
    ]),
    ...oneOf(inputs, 'statistic', ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum']),
    ...pattern(
      inputs,
      'extendedStatistic',
      /^(p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)$|^(IQM|(PR|TM|TC|TS|WM)\(.+\))$/,
    ),
    ...oneOf(inputs, 'treatMissingData', ['missing', 'ignore', 'breaching', 'notBreaching']),
    ...oneOf(inputs, 'evaluateLowSampleCountPercentiles', ['evaluate', 'ignore']),
    ...range(inputs, 'evaluationPeriods', 1, Number.MAX_SAFE_INTEGER),
    ...(Number(datapointsToAlarm) > Number(evaluationPeriods)
      ? [
          {
            property: 'datapointsToAlarm',
            reason: `expected at most evaluationPeriods, found ${String(datapointsToAlarm)}`,
          },
        ]
      : []),
    ...(seconds > 86_400
      ? [{ property: 'evaluationPeriods', reason: `expected no more than a day in all, found ${seconds} s` }]
      : []),
    ...((metricName === undefined) === (metricQueries === undefined)
      ? [{ property: 'metricName', reason: 'expected either metricName or metricQueries' }]
      : []),
    ...queryFaults(metricQueries),
  ];
}

function queryFaults(queries: Property | undefined): readonly InputFault[] {
  if (!isList(queries)) return [];
  const known = queries.filter(isRecord);
  const ids = known.map((query) => text(query, 'id') ?? '');
  const returned = known.filter((query) => query.returnData === true).length;
  return [
    ...(returned === 1
      ? []
      : [{ property: 'metricQueries', reason: `expected one that returns data, found ${returned}` }]),
    ...known.flatMap((query, index): InputFault[] => {
      const property = `metricQueries[${index}]`;
      const expression = text(query, 'expression');
      const strangers = expression === undefined ? [] : namesIn(expression).filter((name) => !ids.includes(name));
      return [
        ...(/^[a-z]\w*$/.test(ids[index] ?? '')
          ? []
          : [{ property: `${property}.id`, reason: `expected a name in lower case, found "${ids[index]}"` }]),
        ...((expression === undefined) === (query.metric === undefined)
          ? [{ property, reason: 'expected either a metric or an expression' }]
          : []),
        ...strangers.map((name) => ({
          property: `${property}.expression`,
          reason: `ValidationError: Error in expression '${ids[index]}': Unresolved variable '${name}'`,
        })),
      ];
    }),
  ];
}

/** Functions and keywords are written in capitals, ids begin in lower case. */
function namesIn(expression: string): readonly string[] {
  return expression.match(/(?<![\w.'"])[a-z]\w*/g) ?? [];
}

export function dashboard(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'cloudwatch/dashboard',
    shelf: account.shelf('cloudwatch/dashboard'),
    replaceOnChanges: ['dashboardName', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
      ...pattern(inputs, 'dashboardName', /^[\w-]{1,255}$/),
      ...bodyFaults(inputs.dashboardBody),
    ],
    idOf: (inputs) => text(inputs, 'dashboardName') ?? '',
    alreadyExists: () => undefined,
    create: (_inputs, _context, id) => ({ dashboardArn: `arn:aws:cloudwatch::${account.id}:dashboard/${id}` }),
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function bodyFaults(body: Property | undefined): readonly InputFault[] {
  if (typeof body !== 'string') return [];
  const invalid = (reason: string): InputFault => ({
    property: 'dashboardBody',
    reason: `InvalidParameterInput: The dashboard body is invalid: ${reason}`,
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return [invalid(String(error))];
  }
  const widgets = (parsed as { widgets?: unknown }).widgets;
  if (!Array.isArray(widgets)) return [invalid('expected widgets')];
  return (widgets as Record<string, unknown>[]).flatMap((widget, index) => [
    ...(['metric', 'text', 'log', 'alarm', 'explorer'].includes(String(widget.type))
      ? []
      : [invalid(`/widgets/${index}/type: expected a known type, found ${widget.type}`)]),
    ...(Number(widget.x) + Number(widget.width) <= 24
      ? []
      : [invalid(`/widgets/${index}: expected 24 columns at most`)]),
    ...(typeof (widget.properties as { region?: unknown } | undefined)?.region === 'string' || widget.type === 'text'
      ? []
      : [invalid(`/widgets/${index}/properties/region: expected a region`)]),
  ]);
}
