import { describe, expect, test } from 'vitest';
import type { CommitAnswer, EnvironmentAnswer } from '../../github/answers.ts';
import { authorsOf, type GateEvidence, judgeGate, judgeGuard } from '../../github/gate.ts';

const commit = (sha: string, author: string | undefined, message = 'A change'): CommitAnswer => ({
  sha: sha.repeat(40),
  commit: { message },
  author: author === undefined ? null : { login: author },
  committer: { login: 'web-flow' },
});
const rita = { type: 'User', reviewer: { id: 3, login: 'rita' } };
const team = { type: 'Team', reviewer: { id: 9, slug: 'release-managers' } };
const reviewers = (list: object[], prevent: boolean | undefined = true) =>
  ({
    protection_rules: [{ type: 'required_reviewers', prevent_self_review: prevent, reviewers: list }],
  }) as Partial<EnvironmentAnswer>;
const settings: EnvironmentAnswer = {
  name: 'prod',
  can_admins_bypass: false,
  deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
  ...reviewers([rita]),
};
const approved = { state: 'approved', environments: [{ name: 'prod' }], user: { login: 'rita' } };
const good: GateEvidence = {
  environment: 'prod',
  settings,
  policies: [{ name: 'main', type: 'branch' }],
  run: {
    id: 7,
    path: '.github/workflows/promote.yml',
    display_title: 'Promote rel-1 to prod',
    head_branch: 'main',
    run_attempt: 1,
    html_url: 'https://github.test/o/r/actions/runs/7',
    actor: { login: 'bob' },
    triggering_actor: { login: 'bob' },
  },
  reviews: [approved],
  commits: [commit('a', 'alice')],
  requester: 'bob',
  rules: { authorMayApprove: false, requesterMayApprove: false },
};
const run = (change: Partial<GateEvidence['run']>) => ({ run: { ...good.run, ...change } });
const guard = (change: Partial<EnvironmentAnswer>) => ({ settings: { ...settings, ...change } });

describe('the gate', () => {
  test('lets in what a reviewer approved who neither wrote nor asked for it', () => {
    expect(judgeGate(good)).toEqual({ approver: 'rita', faults: [] });
  });

  test.each<[string, Partial<GateEvidence>, string]>([
    ['the environment is missing', { settings: undefined }, 'there is no environment `prod`'],
    ['it has no rules', guard({ protection_rules: [] }), 'no required reviewers'],
    ['GitHub tells no rules', guard({ protection_rules: undefined }), 'no required reviewers'],
    ['the reviewers are none', guard(reviewers([])), 'no required reviewers'],
    ['the only reviewer is gone', guard(reviewers([{ type: 'User', reviewer: null }])), 'no required reviewers'],
    ['self-review is allowed', guard(reviewers([rita], false)), 'self-review not prevented'],
    [
      'self-review is not told',
      guard({ protection_rules: [{ type: 'required_reviewers', reviewers: [rita] }] }),
      'self-review',
    ],
    ['administrators may bypass it', guard({ can_admins_bypass: true }), 'administrators may bypass it'],
    ['bypass is not told', guard({ can_admins_bypass: undefined }), 'is not told'],
    ['any branch may deploy', guard({ deployment_branch_policy: null }), 'any branch may deploy'],
    ['branches are not told', guard({ deployment_branch_policy: undefined }), 'any branch may deploy'],
    [
      'another branch may deploy too',
      { policies: [...good.policies, { name: 'release/*', type: 'branch' }] },
      'found main, release/*',
    ],
    ['a pattern holds main', { policies: [{ name: 'ma*', type: 'branch' }] }, 'found ma*'],
    ['a tag called main may deploy', { policies: [{ name: 'main', type: 'tag' }] }, 'found tag main'],
    ['no branch may deploy', { policies: [] }, 'found none'],
    ['the run is of another branch', run({ head_branch: 'feature' }), 'the run is of feature'],
    ['the run is of no branch', run({ head_branch: null }), 'no branch'],
    ['it is started again', run({ run_attempt: 2 }), 'attempt 2'],
    [
      'an administrator bypassed it, and that was switched off since',
      { reviews: [{ ...approved, user: { login: 'ada' } }] },
      'no reviewer of',
    ],
    ['the dispatcher approved', run({ actor: { login: 'rita' } }), 'who asked for it'],
    ['whoever started it approved, in capitals', run({ triggering_actor: { login: 'Rita' } }), 'who asked for it'],
    ['the requester in the ledger approved', { requester: 'rita' }, 'who asked for it'],
    ['an author approved', { commits: [commit('a', 'alice'), commit('b', 'rita')] }, 'who wrote bbbbbbb'],
    ['an author approved, in capitals', { commits: [commit('b', 'RITA')] }, 'who wrote bbbbbbb'],
    [
      'a co-author approved',
      { commits: [commit('c', 'alice', 'x\n\nCo-Authored-By: R <5+rita@users.noreply.github.com>')] },
      'who wrote ccccccc',
    ],
    [
      'a committer approved',
      { commits: [{ ...commit('d', 'alice'), committer: { login: 'rita' } }] },
      'who wrote ddddddd',
    ],
    ['GitHub does not know the commits', { commits: undefined }, 'who wrote the commits'],
  ])('stays closed when %s', (_, change, words) => {
    expect(judgeGate({ ...good, ...change }).faults.join('; ')).toContain(words);
  });

  test('names every fault at once', () => {
    const { faults } = judgeGate({
      ...good,
      ...guard({ protection_rules: [], can_admins_bypass: true, deployment_branch_policy: null }),
    });
    expect(faults.slice(0, 4)).toHaveLength(4);
  });

  test.each<[string, Partial<GateEvidence>]>([
    ['nobody reviewed', { reviews: [] }],
    ['it was rejected', { reviews: [{ ...approved, state: 'rejected' }] }],
    ['one approved and one rejected', { reviews: [{ ...approved, state: 'rejected' }, approved] }],
    ['another environment was approved', { reviews: [{ ...approved, environments: [{ name: 'prod-rollback' }] }] }],
    ['the reviewer is gone from GitHub', { reviews: [{ ...approved, user: null }] }],
  ])('waits when %s', (_, change) => {
    expect(judgeGate({ ...good, ...change })).toEqual({ faults: [] });
  });

  test('a run that is started again goes on with what the ledger has for the same promotion, by the same rules', () => {
    const again = { ...good, ...run({ run_attempt: 2 }), recorded: 'rita' };
    expect(judgeGate(again)).toEqual({ approver: 'rita', faults: [] });
    expect(judgeGate({ ...again, ...guard({ can_admins_bypass: true }) }).faults).toHaveLength(1);
    expect(judgeGate({ ...again, recorded: 'bob' }).faults.join()).toContain('who asked for it');
  });

  test('a review of an earlier attempt is never taken for this one’s', () => {
    const { approver } = judgeGate({ ...good, ...run({ run_attempt: 2 }), recorded: undefined });
    expect(approver).toBeUndefined();
  });

  test('the policy may let authors and requesters approve', () => {
    const rules = { authorMayApprove: true, requesterMayApprove: true };
    const own = { ...good, requester: 'rita', commits: [commit('b', 'rita')], rules };
    expect(judgeGate(own)).toEqual({ approver: 'rita', faults: [] });
    expect(judgeGate({ ...own, commits: undefined }).faults).toEqual([]);
  });

  test('a team reviews for its members; protected branches are a list of branches too', () => {
    const open = { protected_branches: true, custom_branch_policies: false };
    const change = { ...reviewers([team]), deployment_branch_policy: open };
    expect(judgeGate({ ...good, ...guard(change), policies: [] }).faults).toEqual([]);
    expect(judgeGuard({ environment: 'prod', ...guard(change), policies: [] })).toEqual([]);
  });
});

test('authors of a commit: accounts and GitHub addresses, never GitHub itself', () => {
  const message =
    'x\n\nCo-authored-by: A <1+ann@users.noreply.github.com>\nco-authored-by: B <ben@users.noreply.github.com>\nCo-authored-by: C <c@example.org>';
  expect(authorsOf(commit('a', 'alice', message))).toEqual(['alice', 'ann', 'ben']);
  expect(authorsOf(commit('a', undefined))).toEqual([]);
});
