import { expect, test } from 'vitest';
import { isSamePerson, judgeApprover } from '../../delivery/approval.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
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

test('a policy with faults is refused with all of them, and one of another version by name', () => {
  expect(() => parsePolicy('schema: trireme.policy/1\napprovals: { via: [], approvers: 3 }')).toThrow(
    /approvals.via.*approvals.approvers.*approvals.expiresHours/,
  );
  expect(() => parsePolicy('schema: trireme.policy/9')).toThrow(
    'expected schema `trireme.policy/1`, found `trireme.policy/9`',
  );
  expect(() => parsePolicy('a: [')).toThrow('policy.yaml: expected YAML');
});
