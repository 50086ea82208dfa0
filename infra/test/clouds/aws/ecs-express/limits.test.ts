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
  ['alarms and a dashboard, of the request log', { alarms: {}, dashboard: true, env: { REQUEST_LOG: 'on' } }],
  ['no request log, where nobody counts it', { env: { REQUEST_LOG: 'off' } }],
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
  [
    'alarms without what they are made of',
    { alarms: {}, env: { REQUEST_LOG: 'off' } },
    /^env.REQUEST_LOG: expected `on` or none, .*; found `off`$/,
  ],
  [
    'a dashboard of a log that a secret switches',
    { dashboard: true, secrets: { REQUEST_LOG: 'arn:aws:ssm:eu-west-1:123456789012:parameter/log' } },
    /^secrets.REQUEST_LOG: expected none/,
  ],
  ['a domain on a balancer that is ECS’s', { domain: 'predict.example.org' }, /^domain: expected none .*predict/],
])('refuses %s', (_, change, fault) => expect(faultsOf(change)).toEqual([expect.stringMatching(fault)]));
