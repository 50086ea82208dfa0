import { expect, test } from 'vitest';
import { isSamePerson, judgeApproval, judgeApprover } from '../../delivery/approval.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { longestWatchSeconds, parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { longestSilenceMs } from '../../delivery/promotion-state.ts';
import { policyText, World } from './world.ts';

test.each([
  ['dana', 'Dana Developer <dana@example.test>', true],
  ['DANA', 'Dana Developer <dana@example.test>', true],
  ['dana@example.test', 'Dana Developer <dana@example.test>', true],
  ['Dana Developer', 'Dana Developer <dana@example.test>', true],
  ['dana-d', 'Dana <12345+dana-d@users.noreply.github.com>', true],
  ['dana', 'dana', true],
  ['dan', 'Dana Developer <dana@example.test>', false],
  ['alice', 'Dana Developer <dana@example.test>', false],
  ['example.test', 'Dana Developer <dana@example.test>', false],
])('%s is %s: %s', (login, person, same) => {
  expect(isSamePerson(login, person)).toBe(same);
});

const cases: readonly [string, string, { login: string; via: 'local' | 'github' }, boolean, string | undefined][] = [
  ['anyone but the author and the requester', policyText, { login: 'alice', via: 'local' }, true, undefined],
  ['no author', policyText, { login: 'dana', via: 'local' }, true, 'wrote a commit'],
  [
    'an author where the policy says so',
    policyText.replace('authorMayApprove: false', 'authorMayApprove: true'),
    { login: 'dana', via: 'local' },
    true,
    undefined,
  ],
  ['no requester', policyText, { login: 'requester', via: 'local' }, true, 'asked for this promotion'],
  [
    'a requester where the policy says so',
    policyText.replace('requesterMayApprove: false', 'requesterMayApprove: true'),
    { login: 'requester', via: 'local' },
    true,
    undefined,
  ],
  [
    'nobody outside of the list',
    policyText.replace('approvers: []', 'approvers: [bob]'),
    { login: 'alice', via: 'local' },
    true,
    'not among',
  ],
  [
    'nobody on this machine when the policy names GitHub only',
    policyText.replace('[local, github]', '[github]'),
    { login: 'alice', via: 'local' },
    true,
    'not by local',
  ],
  [
    'nobody on this machine for real clouds',
    policyText,
    { login: 'alice', via: 'local' },
    false,
    'by GitHub or by a signature only',
  ],
  ['a reviewer on GitHub for real clouds', policyText, { login: 'alice', via: 'github' }, false, undefined],
];

test.each(cases)('the policy lets through %s', async (_, policy, approver, emulated, fault) => {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod']);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const { login, via: way } = approver;
  const { facts } = world;
  const faults = judgeApprover({ facts, login, way, promotion, manifest, policy: parsePolicy(policy), emulated });
  expect(faults).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
});

const ssh = 'ssh-ed25519 AAAA';
const keyOf = (login: string, ...emails: string[]) =>
  `keys: [{ login: ${login}, key: "${ssh}", emails: [${emails.join(', ')}] }]`;

test.each<[string, string, string, string | undefined]>([
  ['an author by a listed address', keyOf('robin', 'dana@example.test'), 'robin', 'wrote a commit'],
  ['an author by a listed address, however written', keyOf('Robin', 'DANA@Example.test'), 'robin', 'wrote a commit'],
  ['the requester by a listed address', keyOf('robin', 'asker@example.test'), 'robin', 'asked for this promotion'],
  ['an address that wrote nothing', keyOf('robin', 'robin@example.test'), 'robin', undefined],
  ["somebody else's address", keyOf('dev-d', 'dana@example.test'), 'robin', undefined],
  ['no address', `keys: [{ login: robin, key: "${ssh}" }]`, 'robin', undefined],
])('addresses beside a key tell %s', async (_name, keys, login, fault) => {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod'], { actor: { login: 'asker@example.test', via: 'local' } });
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const policy = parsePolicy(policyText.replace('approvers: []', `approvers: [], ${keys}`));
  const { facts } = world;
  const faults = judgeApprover({ facts, login, way: 'local', promotion, manifest, policy, emulated: true });
  expect(faults).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
});

test.each([
  ['says no more than the policy', 24, 24, undefined],
  ['says less, and less counts', 1, 1, undefined],
  ['says more, which does not count', 9_999, 24, undefined],
  ['says less, and that is over', 1, 1.1, 'the approval expired at 2026-11-21T11:'],
  ['says more, and what the policy gives is over', 9_999, 24.1, 'the approval expired at 2026-11-22T10:'],
])('an approval that %s', async (_name, saysHours, afterHours, fault) => {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod']);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const given = await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const atMs = Date.parse(given.at);
  const expires = new Date(atMs + saysHours * 3_600_000).toISOString();
  const faults = judgeApproval({
    facts: world.facts,
    approval: { ...given, body: { ...given.body, expires } },
    promotion,
    manifest,
    policy: delivery.policy,
    emulated: true,
    plans: given.body.plans,
    previous: given.body.previous,
    stacks: ['gcp-prod'],
    nowMs: atMs + afterHours * 3_600_000,
  });
  expect(faults.map(({ reason }) => reason)).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
});

test('an approval that the policy no longer gives time is given anew, not handed back', async () => {
  const world = new World();
  const long = parsePolicy(policyText.replace('expiresHours: 24', 'expiresHours: 48'));
  const [delivery, longer] = [world.delivery(['gcp-dev', 'gcp-prod']), world.delivery(undefined, { policy: long })];
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const alice = { login: 'alice', via: 'local' } as const;
  const first = await approvePromotion(longer, promotion.body.promotion, alice);
  expect(await approvePromotion(delivery, promotion.body.promotion, alice)).toEqual(first);
  world.pass(25 * 3600);
  expect((await approvePromotion(delivery, promotion.body.promotion, alice)).id).not.toBe(first.id);
});

test.each([
  [0, true],
  [1_800, true],
  [1_801, false],
])('watching for %i s is accepted: %s', (seconds, accepted) => {
  const parse = () => parsePolicy(`${policyText}watch: { seconds: ${seconds} }\n`);
  if (accepted) expect(parse().watch.seconds).toBe(seconds);
  else expect(parse).toThrow(/watch\.seconds.*at most 1800 s/);
  expect(longestWatchSeconds * 1_000).toBeLessThan(longestSilenceMs);
});

test('an address beside a key is one, and nothing else may stand there', () => {
  const withKey = (text: string) => parsePolicy(policyText.replace('approvers: []', `approvers: [], ${text}`));
  expect(() => withKey(keyOf('robin', '"Robin <robin@example.test>"'))).toThrow(/emails.*expected an address/);
  expect(() => withKey(`keys: [{ login: robin, key: "${ssh}", mails: [] }]`)).toThrow('mails');
});

test('a policy with faults is refused with all of them, and one of another version by name', () => {
  expect(() => parsePolicy('schema: trireme.policy/1\napprovals: { via: [], approvers: 3 }')).toThrow(
    /approvals.via.*approvals.approvers.*approvals.expiresHours/,
  );
  expect(() => parsePolicy('schema: trireme.policy/9')).toThrow(
    'expected schema `trireme.policy/1`, found `trireme.policy/9`',
  );
  expect(() => parsePolicy('a: [')).toThrow('policy.yaml: expected YAML');
});
