import { describe, expect, test } from 'vitest';
import { type BootstrapFacts, planBootstrap } from '../../../cli/bootstrap/plan.ts';
import { accountWords } from '../../../clouds/accounts.ts';
import { foundationConfig, type TrustedRepository, trustedRepository } from '../../../contract/service.ts';

const github: TrustedRepository = trustedRepository.parse({
  owner: 'acme',
  ownerId: '7',
  repository: 'trireme',
  repositoryId: '9',
});
const ready = {
  cloud: 'aws',
  words: accountWords.aws,
  login: { account: '000000000001', who: 'arn:ada' },
  switchedOff: [],
  state: { url: 's3://state', passphrase: true, movedTo: undefined, local: false },
  github,
  config: foundationConfig.parse({ region: 'eu-west-1', github }),
  asked: { stateBucket: false },
} satisfies BootstrapFacts;
const bare = foundationConfig.parse({ region: 'eu-west-1' });
const state = ready.state;

describe('the plan of a bootstrap', () => {
  test('has nothing to do where everything is there', () => {
    const { steps, missingKeys, switchOn, backend } = planBootstrap(ready);
    expect(steps.map((step) => step.state)).toEqual(['done', 'left', 'done', 'done']);
    expect({ missingKeys, switchOn, backend }).toEqual({
      missingKeys: {},
      switchOn: [],
      backend: { kind: 'given', url: 's3://state' },
    });
  });

  test.each<[string, Partial<BootstrapFacts>, string, string, string]>([
    ['nobody logged in', { login: { missing: 'no credentials' } }, 'login', 'blocked', 'aws sso login'],
    [
      'APIs are off',
      { words: accountWords.gcp, switchedOff: ['a.googleapis.com'] },
      'switched on',
      'todo',
      'gcloud services enable a.googleapis.com --project 000000000001',
    ],
    ['APIs can’t be asked', { switchedOff: undefined }, 'switched on', 'left', ''],
    [
      'no place for the state',
      { state: { ...state, url: undefined } },
      'Pulumi’s state',
      'blocked',
      'npx trireme bootstrap aws --state-bucket',
    ],
    [
      'a bucket is asked for',
      { state: { ...state, url: undefined }, asked: { stateBucket: true } },
      'Pulumi’s state',
      'todo',
      '',
    ],
    [
      'an earlier one was cut short',
      { state: { ...state, url: undefined, local: true } },
      'Pulumi’s state',
      'todo',
      '',
    ],
    [
      'an earlier one moved the state',
      { state: { ...state, url: undefined, movedTo: 's3://b' } },
      'Pulumi’s state',
      'done',
      '',
    ],
    [
      'no passphrase',
      { state: { ...state, passphrase: false } },
      'passphrase',
      'blocked',
      'export PULUMI_CONFIG_PASSPHRASE',
    ],
    ['a new repository', { config: bare }, 'trust in GitHub', 'todo', ''],
    [
      'GitHub is not known',
      { config: bare, github: { missing: 'no token' } },
      'trust in GitHub',
      'left',
      'GITHUB_TOKEN',
    ],
    ['GitHub is not asked', { github: { missing: 'no token' } }, 'trust in GitHub', 'done', ''],
    [
      'another repository',
      { github: { ...github, repositoryId: '10' } },
      'trust in GitHub',
      'blocked',
      'correct github',
    ],
    [
      'an account of its own',
      { config: { ...ready.config, accounts: { prod: '2' } } },
      'prod’s own account',
      'done',
      '',
    ],
    [
      'an account for all',
      { config: { ...ready.config, accounts: { prod: ready.login.account } } },
      'environments apart',
      'left',
      'trireme:accounts in stacks/Pulumi.aws-foundation.yaml',
    ],
  ])('%s', (_, change, what, expected, repair) => {
    const step = planBootstrap({ ...ready, ...change }).steps.find((one) => one.what === what);
    expect(step?.state).toBe(expected);
    expect(step?.repair ?? '').toContain(repair);
  });

  test.each<[string, Partial<BootstrapFacts>]>([
    ['prod has its own', { config: { ...ready.config, accounts: { prod: '2' } } }],
    ['nobody deploys from GitHub', { config: bare, github: { missing: 'no token' } }],
  ])('environments are apart: %s', (_, change) => {
    const steps = planBootstrap({ ...ready, ...change }).steps.map(({ what }) => what);
    expect(steps).not.toContain('environments apart');
  });

  test.each([
    ['aws', 'Route 53 health checks, and secrets that neither name nor tag says are of one of them'],
    [
      'gcp',
      'Cloud Run services, alarms and log sinks, and secrets whose names do not say that they are of one of them',
    ],
    ['azure', 'networks of the subscription, which either may join'],
  ] as const)('environments that share what they live in reach of each other’s, on %s: %s', (cloud, reached) => {
    const { steps } = planBootstrap({ ...ready, cloud, words: accountWords[cloud] });
    const said = steps.find(({ what }) => what === 'environments apart')?.said;
    expect(said).toMatch(new RegExp(`reach each other’s ${reached}; of everything else only their own$`));
  });

  test('Pulumi’s own service needs no passphrase', () => {
    const own = { ...state, url: 'https://api.pulumi.com', passphrase: false };
    expect(planBootstrap({ ...ready, state: own }).steps.map(({ what }) => what)).not.toContain('passphrase');
  });

  test.each<[string, Partial<BootstrapFacts>, object]>([
    [
      'the repository',
      { config: bare },
      { github: { owner: 'acme', ownerId: '7', repository: 'trireme', repositoryId: '9' } },
    ],
    [
      'the old form of subjects',
      { config: bare, github: { ...github, legacySubject: true } },
      { github: { owner: 'acme', ownerId: '7', repository: 'trireme', repositoryId: '9', legacySubject: true } },
    ],
    [
      'who is told',
      { asked: { stateBucket: false, alarmEmail: 'ops@acme.example' } },
      { alarmEmail: 'ops@acme.example' },
    ],
    ['the bucket', { asked: { stateBucket: true } }, { stateBucket: true }],
    [
      'nothing that is there',
      {
        asked: { stateBucket: true, alarmEmail: 'b@acme.example' },
        config: { ...ready.config, stateBucket: true, alarmEmail: 'a@acme.example' },
      },
      {},
    ],
  ])('writes %s', (_, change, expected) => {
    expect(planBootstrap({ ...ready, ...change }).missingKeys).toEqual(expected);
  });
});
