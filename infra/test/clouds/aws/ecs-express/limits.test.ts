import { expect, it } from 'vitest';
import { ecsExpressFaults } from '../../../../clouds/aws/ecs-express/limits.ts';
import { serviceConfig } from '../../../../contract/service.ts';

const network = {
  vpc: 'vpc-0123456789abcdef0',
  subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  securityGroups: ['sg-0123456789abcdef0'],
};
const faultsOf = (change: object) =>
  ecsExpressFaults(
    serviceConfig.parse({
      runtime: 'ecs-express',
      region: 'eu-west-1',
      cpu: 1,
      memoryMiB: 2048,
      minInstances: 1,
      maxInstances: 4,
      concurrency: 50,
      exposure: 'public',
      protect: false,
      env: {},
      secrets: {},
      ...change,
    }),
  );

it.each([
  ['what App Runner takes', {}],
  ['a size between', { cpu: 4, memoryMiB: 9216 }],
  ['private exposure in subnets of its own', { exposure: 'private', network }],
])('takes %s', (_, change) => expect(faultsOf(change)).toEqual([]));

it.each([
  ['a size Fargate has not', { cpu: 3 }, /^cpu: expected 0.25, 0.5, 1, 2, 4 vCPUs .*; found 3$/],
  [
    'memory that does not go with the CPU',
    { cpu: 0.5, memoryMiB: 8192 },
    /^memoryMiB: expected 1024, 2048 … 4096 with/,
  ],
  ['no task', { minInstances: 0 }, /^minInstances: expected at least 1/],
  ['private exposure without a network', { exposure: 'private' }, /^network: expected vpc, private subnets/],
  ['a secret by its name', { secrets: { TOKEN: 'prod/token' } }, /^secrets.TOKEN: expected the ARN/],
  ['alarms on a balancer nobody knows', { alarms: {} }, /^alarms: expected none on ECS Express Mode/],
  ['a dashboard of it', { dashboard: true }, /^dashboard: expected none/],
  ['a domain for it', { domain: 'predict.example.org' }, /^domain: expected none/],
])('refuses %s', (_, change, fault) => expect(faultsOf(change)).toEqual([expect.stringMatching(fault)]));
