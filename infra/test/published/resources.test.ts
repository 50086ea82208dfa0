import { describe, expect, test } from 'vitest';
import type { Properties } from '../../emulator/engine/property.ts';
import { awsProvider } from '../../emulator/providers/aws.ts';
import { azureProvider } from '../../emulator/providers/azure.ts';
import { gcpProvider } from '../../emulator/providers/gcp.ts';
import type { World } from '../../emulator/world.ts';
import { requests, resourceFaults, unjudged } from './resources.ts';

const unused = async () => ({ status: 500 });
const registry = { host: 'registry.example', url: '', createRepository() {}, deleteRepository() {} };
const world: World = {
  timeScale: 1,
  controlPlanes: { appRunner: unused, ecs: unused, cloudRun: unused, arm: unused },
  registries: { aws: registry, gcp: registry, azure: registry },
};

test('every modelled resource is judged by its vendor’s model, or it is said why not', () => {
  const modelled = [awsProvider(world), gcpProvider(world), azureProvider(world)].flatMap(({ resources }) =>
    Object.keys(resources),
  );
  expect([...Object.keys(requests), ...Object.keys(unjudged)].sort()).toEqual(modelled.sort());
});

const alarm: Properties = {
  name: 'trireme-dev-errors',
  comparisonOperator: 'GreaterThanThreshold',
  evaluationPeriods: 5,
  threshold: 1,
  okActions: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
  metricQueries: [
    { id: 'rate', expression: '100 * errors / requests', label: 'errors', returnData: true },
    {
      id: 'errors',
      metric: {
        namespace: 'AWS/AppRunner',
        metricName: '5xxStatusResponses',
        period: 60,
        stat: 'Sum',
        dimensions: { ServiceName: 'a' },
      },
    },
  ],
};
const bucket: Properties = { name: 'b', location: 'EU', uniformBucketLevelAccess: true, versioning: { enabled: true } };
const assignment: Properties = {
  scope: '/subscriptions/s',
  roleAssignmentName: '0',
  roleDefinitionId: '/r',
  principalId: 'p',
  principalType: 'ServicePrincipal',
};

describe('inputs as requests', () => {
  const ofAlarm = (changes: Properties) =>
    resourceFaults('aws:cloudwatch/metricAlarm:MetricAlarm', { ...alarm, ...changes });
  const ofBucket = (changes: Properties) => resourceFaults('gcp:storage/bucket:Bucket', { ...bucket, ...changes });
  const ofAssignment = (changes: Properties) =>
    resourceFaults('azure-native:authorization:RoleAssignment', { ...assignment, ...changes });

  test('good ones are taken', () => {
    expect([...ofAlarm({}), ...ofBucket({}), ...ofAssignment({})]).toEqual([]);
  });

  test.each([
    [
      'a comparison nobody knows',
      ofAlarm({ comparisonOperator: 'Above' }),
      '/ComparisonOperator must be equal to one of',
    ],
    ['a period of none', ofAlarm({ evaluationPeriods: 0 }), '/EvaluationPeriods must be >= 1'],
    ['an alarm without a name', ofAlarm({ name: null }), "must have required property 'AlarmName'"],
    ['a member of a query nobody knows', ofAlarm({ metricQueries: [{ id: 'a', formula: 'x' }] }), '(Formula)'],
    [
      'a version that is no setting',
      ofBucket({ versioning: { on: true } }),
      '/versioning must NOT have additional properties (on)',
    ],
    ['a principal of no known type', ofAssignment({ principalType: 'Robot' }), '/properties/principalType'],
    ['an assignment to nobody', ofAssignment({ principalId: null }), "must have required property 'principalId'"],
  ])('%s is not', (_what, faults, words) => {
    expect(faults.join('\n')).toContain(words);
  });
});
