import { describe, expect, test } from 'vitest';
import { type CloudLook, judgeCloud, type StackLook } from '../../../cli/doctor/cloud.ts';
import { judgeSurroundings, type Surroundings } from '../../../cli/doctor/surroundings.ts';
import { accountWords } from '../../../clouds/accounts.ts';

const stack: StackLook = {
  name: 'aws-dev',
  contract: { name: 'app-runner', product: 'App Runner' },
  region: 'eu-west-1',
  account: '1',
  environment: 'dev',
  secrets: [],
  offered: { value: true },
  read: { value: 2 },
};
const well: CloudLook = {
  cloud: 'aws',
  words: accountWords.aws,
  emulated: false,
  login: { account: '1', who: 'arn:ada' },
  stacks: [stack],
  switchedOff: { value: [] },
  foundation: { value: 'host/trireme' },
  registry: { value: true },
};
const withStack = (change: Partial<StackLook>) => ({ stacks: [{ ...stack, ...change }] });
const prod: StackLook = { ...stack, name: 'aws-prod', environment: 'prod', account: '2' };

describe('a cloud', () => {
  test('that is as it should be has nothing but good in it', () => {
    const found = judgeCloud(well);
    expect(found.map(({ outcome }) => outcome)).toEqual(found.map(() => 'good'));
    expect(found.map(({ subject }) => subject)).toEqual([
      ...[
        'login',
        'account of aws-dev',
        'region of aws-dev',
        'aws-foundation',
        'registry',
        'reading App Runner in eu-west-1',
      ],
    ]);
  });

  test('without a login is one line with the command', () => {
    expect(judgeCloud({ ...well, login: { missing: 'no credentials' } })).toEqual([
      expect.objectContaining({
        subject: 'login',
        outcome: 'note',
        brief: true,
        found: 'not logged in: aws sso login',
      }),
    ]);
  });

  test.each<[string, Partial<CloudLook>, string, 'fault' | 'note', string]>([
    ['another account', withStack({ account: '2' }), 'account of aws-dev', 'fault', 'log in to 2'],
    ['the account of another environment', { stacks: [stack, prod] }, 'account of aws-prod', 'note', 'log in to 2'],
    [
      'APIs are off',
      { words: accountWords.gcp, switchedOff: { value: ['a.googleapis.com'] } },
      'switched on',
      'fault',
      'gcloud services enable a.googleapis.com --project 1',
    ],
    ['APIs can’t be asked', { switchedOff: { refused: 'time-out' } }, 'switched on', 'note', ''],
    [
      'a region without the product',
      withStack({ offered: { value: false } }),
      'region of aws-dev',
      'fault',
      'change region in stacks/Pulumi.aws-dev.yaml',
    ],
    [
      'a region nobody can tell about',
      withStack({ offered: { value: undefined } }),
      'region of aws-dev',
      'note',
      'https://',
    ],
    [
      'a region that can’t be asked',
      withStack({ offered: { refused: 'time-out' } }),
      'region of aws-dev',
      'note',
      'https://',
    ],
    [
      'no foundation',
      { foundation: { value: undefined }, registry: undefined },
      'aws-foundation',
      'fault',
      'npx trireme bootstrap aws',
    ],
    [
      'a state that can’t be read',
      { foundation: { refused: 'no such bucket' }, registry: undefined },
      'Pulumi’s state',
      'fault',
      'PULUMI_BACKEND_URL',
    ],
    ['a registry that says no', { registry: { refused: '403 Forbidden' } }, 'registry', 'fault', 'aws sso login'],
    ['a registry that says nothing', { registry: { refused: 'fetch failed' } }, 'registry', 'note', ''],
    [
      'no right to read',
      withStack({ read: { refused: 'AccessDeniedException: not authorized' } }),
      'reading App Runner in eu-west-1',
      'fault',
      'infra/clouds/aws/grant-list.ts',
    ],
    [
      'no answer',
      withStack({ read: { refused: 'the vendor: no answer in 20 s' } }),
      'reading App Runner in eu-west-1',
      'note',
      '',
    ],
    ['no service on App Runner', withStack({ read: { value: 0 } }), 'App Runner', 'note', 'ecs-express'],
  ])('%s', (_, change, subject, outcome, repair) => {
    const found = judgeCloud({ ...well, ...change }).find((one) => one.subject === subject);
    expect(found?.outcome).toBe(outcome);
    expect(found?.repair ?? '').toContain(repair);
  });

  test.each<[string, Partial<CloudLook>]>([
    ['emulated', { emulated: true, ...withStack({ read: { value: 0 } }) }],
    [
      'on another runtime',
      withStack({ contract: { name: 'ecs-express', product: 'ECS Express Mode' }, read: { value: 0 } }),
    ],
  ])('%s is no new account', (_, change) => {
    expect(judgeCloud({ ...well, ...change }).map(({ subject }) => subject)).not.toContain('App Runner');
  });

  const shared: StackLook = {
    ...prod,
    name: 'gcp-prod',
    account: undefined,
    secrets: ['api-key:3', 'trireme-prod-token'],
  };
  const google: Partial<CloudLook> = { cloud: 'gcp', words: accountWords.gcp };

  test('that dev and prod share names the secrets of prod whose names do not say so', () => {
    const found = judgeCloud({ ...well, ...google, stacks: [stack, shared] });
    expect(found.find(({ subject }) => subject === 'secrets of gcp-prod')).toMatchObject({
      outcome: 'note',
      found: expect.stringMatching(/^api-key: in a project shared with dev, /),
      repair: expect.stringContaining('trireme-prod-…'),
    });
  });

  test.each<[string, Partial<CloudLook>]>([
    ['whose prod has its own project', { ...google, stacks: [stack, { ...shared, account: '2' }] }],
    ['whose names say it', { ...google, stacks: [stack, { ...shared, secrets: ['trireme-prod-token:2'] }] }],
    ['without another environment', { ...google, stacks: [shared] }],
    ['where names alone do not say', { stacks: [stack, shared] }],
    ['emulated', { ...google, emulated: true, stacks: [stack, shared] }],
  ])('%s leaves no secret of prod to others', (_, change) => {
    expect(judgeCloud({ ...well, ...change }).map(({ subject }) => subject)).not.toContain('secrets of gcp-prod');
  });

  test('whose state was not looked at says nothing of its foundation', () => {
    const found = judgeCloud({ ...well, foundation: undefined, registry: undefined });
    expect(found.map(({ subject }) => subject)).not.toContain('aws-foundation');
  });
});

describe('what a machine has besides programs', () => {
  const fine: Surroundings = { freeBytes: 8 * 2 ** 30, skewSeconds: -1, backend: 's3://state', passphrase: true };
  test.each<[string, Partial<Surroundings>, string, string]>([
    ['room', {}, 'disk', 'good'],
    ['no room', { freeBytes: 2 ** 30 }, 'disk', 'fault'],
    ['a disk nobody knows', { freeBytes: undefined }, 'disk', 'note'],
    ['a clock', {}, 'clock', 'good'],
    ['a late clock', { skewSeconds: -301 }, 'clock', 'fault'],
    ['an early clock', { skewSeconds: 301 }, 'clock', 'fault'],
    ['nobody to ask', { skewSeconds: undefined }, 'clock', 'note'],
    ['a backend', {}, 'Pulumi’s state', 'good'],
    ['no backend', { backend: undefined }, 'Pulumi’s state', 'note'],
    ['no passphrase', { passphrase: false }, 'Pulumi’s state', 'fault'],
    ['Pulumi’s own service', { passphrase: false, backend: 'https://api.pulumi.com' }, 'Pulumi’s state', 'good'],
  ])('%s', (_, change, subject, outcome) => {
    expect(judgeSurroundings({ ...fine, ...change }).find((one) => one.subject === subject)?.outcome).toBe(outcome);
  });
});
