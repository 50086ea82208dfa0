// Planted bugs: each is one rule left out or turned round, and the simulator has to notice.
import type { Invariant } from './rules.ts';

export interface Edit {
  /** Below `infra/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant extends Edit {
  readonly name: string;
  /** The guard that stands behind the one that is left out, and would catch it: left out as well. */
  readonly also?: Edit;
  /** What must be seen to break. */
  readonly breaks: Invariant;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'nothing is asked again after the approval',
    file: 'delivery/recheck.ts',
    find: 'return (facts) => {',
    replace: 'return (facts) => {\n    if (facts.length > 0) return [];',
    breaks: 'approved',
  },
  {
    name: 'the fact that an attempt begins is dropped',
    file: 'delivery/deploy-stack.ts',
    find: "[deploymentFact(attempt, 'updating', { reason })]",
    replace: '[]',
    breaks: 'told',
  },
  {
    name: 'an error of the engine counts as done',
    file: 'delivery/deploy-stack.ts',
    find: "beforeAnything.has(error.code) ? 'skipped' : 'unknown'",
    replace: "beforeAnything.has(error.code) ? 'skipped' : 'healthy'",
    breaks: 'true',
  },
  {
    name: 'a hold is ignored',
    file: 'delivery/guards.ts',
    find: 'const hold = holdOn(facts, release);',
    replace: 'const hold = facts.length < 0 ? holdOn(facts, release) : undefined;',
    breaks: 'stopped',
  },
  {
    name: 'a freeze is ignored',
    file: 'delivery/guards.ts',
    find: 'const stop = stopOrder(facts, policy, environment, nowMs);',
    replace: 'const stop = facts.length < 0 ? stopOrder(facts, policy, environment, nowMs) : undefined;',
    breaks: 'stopped',
  },
  {
    name: 'no proof is asked for',
    file: 'delivery/stage.ts',
    find: 'outcome: outcomeOf(verified.checks), reason',
    replace: "outcome: 'passed' as const, reason",
    breaks: 'true',
  },
  {
    name: 'a bad share gets the rest',
    file: 'delivery/deploy-stack.ts',
    find: "if (shared.outcome === 'failed') return",
    replace: "if (shared.outcome === ('never' as string)) return",
    breaks: 'approved',
  },
  {
    name: 'a share is given before the ledger hears of it',
    file: 'delivery/share.ts',
    find: "deploymentFact(attempt, 'updating', { ...where, reason: stageInWords(where) }),",
    replace: '',
    breaks: 'told',
  },
  {
    name: 'a share that was lost on the way stays',
    file: 'delivery/deploy-stack.ts',
    find: 'if (attempt.cloud.sharing !== true ||',
    replace: 'if (attempt.cloud.sharing !== false ||',
    breaks: 'told',
  },
  {
    name: 'a share that was taken back is not proven to be gone',
    file: 'delivery/share.ts',
    find: 'const problem = await withdraw(attempt);',
    replace: 'const problem = undefined;',
    also: {
      file: 'delivery/share.ts',
      find: "return still.outcome === 'passed'",
      replace: "return still.outcome !== ('never' as string)",
    },
    breaks: 'told',
  },
  {
    name: 'going back leads to the newest release',
    file: 'delivery/deploy-stack.ts',
    find: 'replaced === null ? undefined : findRelease(facts, replaced)',
    replace: "replaced === null ? undefined : findRelease(facts, 'latest')",
    breaks: 'approved',
  },
  {
    name: 'going back is not proven',
    file: 'delivery/go-back.ts',
    find: "return proof.outcome === 'passed'",
    replace: "return proof.outcome !== 'failed'",
    breaks: 'told',
  },
  {
    name: 'one stack upstream is enough',
    file: 'delivery/promotion-rule.ts',
    find: 'return missing.length === 0 ? []',
    replace: 'return missing.length < proving.length ? []',
    breaks: 'approved',
  },
  {
    name: 'an author may approve',
    file: 'delivery/approval.ts',
    find: 'author !== undefined && !approvals.authorMayApprove',
    replace: 'author !== undefined && approvals.authorMayApprove',
    breaks: 'approved',
  },
  {
    name: 'who asked may approve',
    file: 'delivery/approval.ts',
    find: '&& !approvals.requesterMayApprove',
    replace: '&& approvals.requesterMayApprove',
    breaks: 'approved',
  },
  {
    name: 'an approval never expires',
    file: 'delivery/approval.ts',
    find: 'nowMs <= Date.parse(expires)',
    replace: 'nowMs > 0',
    breaks: 'approved',
  },
  {
    name: 'a superseded promotion may start',
    file: 'delivery/promotion-state.ts',
    find: "last?.kind === 'superseded' ? 'superseded' : 'prepared'",
    replace: "last?.kind === 'superseded' ? 'prepared' : 'prepared'",
    breaks: 'approved',
  },
  {
    name: 'rolling back to what was never proven',
    file: 'delivery/rollback.ts',
    find: 'const isProven = (manifest: ReleaseManifest) =>',
    replace: 'const isProven = (manifest: ReleaseManifest) => manifest.sequence > 0 ||',
    breaks: 'approved',
  },
  {
    name: 'a promotion succeeds however its stacks end',
    file: 'delivery/legs.ts',
    find: 'if (bad.length === 0) return undefined;',
    replace: 'if (bad.length < legs.length) return undefined;',
    breaks: 'true',
  },
  {
    name: 'what could not be told counts as done',
    file: 'delivery/deploy-stack.ts',
    find: "if (live.outcome === 'errored') return",
    replace: "if (live.outcome === ('never' as string)) return",
    breaks: 'true',
  },
  {
    name: 'a lost job counts as done',
    file: 'delivery/finalise.ts',
    find: "state: 'unknown' as const, reason }",
    replace: "state: 'healthy' as const, reason }",
    breaks: 'true',
  },
  {
    name: 'a promotion that has ended may go on',
    file: 'delivery/approval.ts',
    find: "if (state === 'started') {",
    replace: "if (state !== 'prepared') {",
    breaks: 'approved',
  },
  {
    name: 'another promotion under way is ignored',
    file: 'delivery/promotion-state.ts',
    find: "promotionState(facts, fact.body.promotion) === 'started' &&",
    replace: "promotionState(facts, fact.body.promotion) === 'started' && facts.length < 0 &&",
    also: {
      file: 'delivery/recheck.ts',
      find: "if (promotionState(facts, body.promotion) !== 'prepared' ||",
      replace: 'if (facts.length > 0 ||',
    },
    breaks: 'one-at-a-time',
  },
  {
    name: 'what happened in the environment since the approval is ignored',
    file: 'delivery/approval.ts',
    find: 'if (head === approval.body.environmentHead) return [];',
    replace: "if (head !== 'nothing') return [];",
    breaks: 'approved',
  },
  {
    name: 'an overtaken attempt goes on',
    file: 'delivery/stage.ts',
    find: 'if (by !== undefined) throw',
    replace: 'if (by !== undefined && facts.length < 0) throw',
    breaks: 'told',
  },
  {
    name: 'an overtaken attempt says what runs',
    file: 'delivery/attempt.ts',
    find: 'const by = saysWhatRuns.has(wanted) ?',
    replace: "const by = wanted === 'updating' ?",
    breaks: 'true',
  },
  {
    name: 'looking at a lost promotion keeps it alive',
    file: 'delivery/promotion-state.ts',
    find: '!isRecovery(fact)',
    replace: "fact.id !== ''",
    breaks: 'converges',
  },
  {
    name: 'what is to be taken back is not named',
    file: 'delivery/finalise.ts',
    find: "policy.promotions.onTargetFailure !== 'revert-all' ||",
    replace: 'stacks.length > 0 ||',
    breaks: 'told',
  },
];
