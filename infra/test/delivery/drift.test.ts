import { describe, expect, it, test } from 'vitest';
import type { ResourceDrift } from '../../contract/drift.ts';
import { releaseIdOf } from '../../contract/release.ts';
import type { Check } from '../../contract/verification.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { type DriftQuestion, driftOf, gathered, type StackDrift, worstDrift } from '../../delivery/drift.ts';
import { lookForDrift } from '../../delivery/stack-drift.ts';
import { World } from './world.ts';

const [one, two] = ['rel-1-0123456789ab', 'rel-2-0123456789ab'];
const runsOne: DriftQuestion = {
  truth: { stack: 'gcp-prod', knows: 'release', runs: one },
  deployed: one,
  resources: [],
  checks: [],
  untold: [],
};
const service: ResourceDrift = {
  urn: 'urn',
  type: 'gcp:cloudrunv2/service:Service',
  name: 'service',
  kind: 'changed',
  fields: [{ path: 'scaling.maxInstanceCount', declared: '4', found: '40' }],
};
const check = (outcome: Check['outcome']): Check => ({
  name: 'control-plane',
  outcome,
  expected: 'image@a',
  found: 'image@b',
  seconds: 0,
  source: 'Cloud Run GET',
});
const nothing: DriftQuestion['truth'] = { stack: 'gcp-prod', knows: 'nothing', runs: null };

const table: readonly (readonly [
  name: string,
  question: Partial<DriftQuestion>,
  outcome: StackDrift['outcome'],
  told: readonly string[],
])[] = [
  ['everything agrees', { checks: [check('passed')] }, 'none', []],
  ['nothing was ever deployed, and nothing is there', { truth: nothing, deployed: null }, 'none', []],
  [
    'the foundation gives something else since: nobody changed the cloud',
    {
      resources: [
        {
          urn: 'urn',
          type: 'pulumi:pulumi:StackReference',
          name: 'gcp-foundation',
          kind: 'outdated',
          fields: [{ path: 'details.alarmChannel', declared: 'c', found: 'nothing' }],
        },
      ],
    },
    'none',
    ['gcp-foundation was changed since gcp-prod was deployed (details.alarmChannel): its next release takes that in'],
  ],
  ['a field was changed', { resources: [service] }, 'drift', ['service scaling.maxInstanceCount: 4 is 40']],
  [
    'a resource is gone',
    { resources: [{ ...service, kind: 'missing', fields: [] }] },
    'drift',
    ['service resource: there is nothing'],
  ],
  [
    'the provider does not say which field',
    { resources: [{ ...service, fields: [] }] },
    'drift',
    ['service some: as in the state is otherwise'],
  ],
  [
    'another image runs',
    { checks: [check('passed'), check('failed')] },
    'drift',
    ['Cloud Run GET control-plane: image@a is image@b'],
  ],
  ['a plain update brought another release', { deployed: two }, 'drift', [`outputs release: ${one} is ${two}`]],
  ['a plain destroy took it', { deployed: null }, 'drift', [`outputs release: ${one} is nothing`]],
  ['a plain update brought the first', { truth: nothing }, 'drift', [`outputs release: nothing is ${one}`]],
  [
    'the control plane does not answer',
    { checks: [check('errored')] },
    'unknown',
    ['gcp-prod: control-plane could not be told: image@b'],
  ],
  ['something could not be read', { untold: ['no credentials'] }, 'unknown', ['no credentials']],
  [
    'something differs and something could not be read',
    { resources: [service], untold: ['no credentials'] },
    'drift',
    ['service scaling.maxInstanceCount: 4 is 40', 'no credentials'],
  ],
  [
    'a deployment is under way',
    {
      truth: { stack: 'gcp-prod', knows: 'under-way', runs: null, why: 'is being deployed to' },
      resources: [service],
    },
    'unknown',
    ['gcp-prod is being deployed to'],
  ],
  [
    'a job was lost',
    { truth: { stack: 'gcp-prod', knows: 'unknown', runs: one, why: 'is unknown' }, checks: [check('failed')] },
    'unknown',
    ['gcp-prod is unknown'],
  ],
];

const inWords = ({ findings, untold, waiting = [] }: StackDrift) => [
  ...findings.map(({ where, field, declared, found }) => `${where} ${field}: ${declared} is ${found}`),
  ...untold,
  ...waiting,
];

describe('drift', () => {
  it.each(table)('%s', (_name, question, outcome, told) => {
    const drift = driftOf({ ...runsOne, ...question });
    expect({ outcome: drift.outcome, told: inWords(drift) }).toEqual({ outcome, told });
  });

  it('outputs that could not be read are not missing outputs', () => {
    const { deployed, ...unread } = runsOne;
    expect(deployed).toBe(one);
    expect(driftOf({ ...unread, untold: ['no state'] }).outcome).toBe('unknown');
  });

  it.each([
    [['none', 'none'], 'none'],
    [['none', 'unknown'], 'unknown'],
    [['unknown', 'drift', 'none'], 'drift'],
    [[], 'unknown'],
  ] as const)('of several stacks, %s, the worst counts: %s', (outcomes, worst) => {
    expect(worstDrift(outcomes.map((outcome) => ({ outcome })))).toBe(worst);
  });

  it('a stack whose look is missing is unknown, one that nobody expects is left out', () => {
    const looks = [driftOf(runsOne), { ...driftOf(runsOne), stack: 'old-prod' }];
    const all = gathered(['aws-prod', 'gcp-prod'], looks);
    expect(all.map(({ stack, outcome }) => `${stack} ${outcome}`)).toEqual(['aws-prod unknown', 'gcp-prod none']);
    expect(all[0]?.untold[0]).toContain('was not looked at');
  });
});

async function deployed() {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'aws-dev']);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  return { world, delivery, manifest, id: releaseIdOf(manifest) };
}

test('a look finds nothing where nobody did anything, and writes nothing', async () => {
  const { world, delivery } = await deployed();
  const before = world.facts.length;
  const found = await lookForDrift(delivery, 'dev');
  expect(found.map(({ stack, outcome }) => `${stack} ${outcome}`)).toEqual(['gcp-dev none', 'aws-dev none']);
  expect(world.facts).toHaveLength(before);
});

test('what one stack will not tell is unknown, and the others are still looked at', async () => {
  const { world, delivery, id } = await deployed();
  world.behave('gcp-dev', id, 'unreachable');
  world.behave('aws-dev', id, 'wrong-build');
  const [gcp, aws] = await lookForDrift(delivery, 'dev');
  expect(gcp).toMatchObject({ outcome: 'unknown', untold: [expect.stringContaining('identity could not be told')] });
  expect(aws).toMatchObject({ outcome: 'drift', findings: [{ field: 'identity' }] });
});

test('a deployment that begins during the look explains every difference', async () => {
  const { delivery, manifest } = await deployed();
  const deployer = {
    ...delivery.deployer,
    drift: async () => {
      await deployRelease(delivery, manifest, 'dev', { stacks: ['gcp-dev'] });
      return [service];
    },
  };
  const [found] = await lookForDrift({ ...delivery, deployer }, 'dev', { stacks: ['gcp-dev'] });
  expect(found).toMatchObject({ outcome: 'unknown', findings: [], untold: ['gcp-dev was deployed to meanwhile'] });
});
