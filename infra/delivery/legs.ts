// How the legs of a promotion stand, read from the ledger alone: each may be a job of its own, and a job may be lost. Pure.
import type { DeploymentState, Fact, FactOf } from '../contract/fact.ts';
import type { StackName } from '../contract/stack.ts';
import { hasEnded, parityAttempt, stateInWords } from './environment-state.ts';
import type { Promotion } from './promotion-state.ts';

export interface Leg {
  readonly stack: StackName;
  /** `ended` as `last` says; `silent`: it began and did not end; `absent`: it never began, nothing was touched. */
  readonly stands: 'ended' | 'silent' | 'absent';
  /** Its newest word. */
  readonly last?: FactOf<'deployment'>;
}

/** One for each stack that was approved, once the promotion had started. */
export function legsOf(facts: readonly Fact[], { release, body }: Promotion): readonly Leg[] {
  const started = facts.findIndex(
    (fact) => fact.kind === 'promotion' && fact.body.promotion === body.promotion && fact.body.state === 'started',
  );
  const since = started === -1 ? [] : facts.slice(started);
  return Object.keys(body.plans).map((name) => {
    const last = since.findLast(
      (fact): fact is FactOf<'deployment'> =>
        fact.kind === 'deployment' && fact.stack === name && fact.release === release,
    );
    const stack = name as StackName;
    return last === undefined
      ? { stack, stands: 'absent' }
      : { stack, stands: hasEnded(last) ? 'ended' : 'silent', last };
  });
}

/** What became of a leg; one that never began did nothing, one that fell silent is unknown. */
export function stateOf({ stands, last }: Leg): DeploymentState {
  if (last === undefined) return 'skipped';
  return stands === 'silent' ? 'unknown' : last.body.state;
}

/** What counts as a failure where one takes back all. What nobody can tell about takes nothing back: it may well be good. */
export function hasFailed(state: DeploymentState): boolean {
  return state === 'failed' || state === 'reverted' || state === 'revert-failed';
}

/** Why the promotion did not succeed, in one line; `undefined` when every leg ended healthy. */
export function faultOf(legs: readonly Leg[]): string | undefined {
  const bad = legs.filter((leg) => stateOf(leg) !== 'healthy');
  if (bad.length === 0) return undefined;
  return bad.map((leg) => `${leg.stack} ${inWords(leg)}`).join(', ');
}

function inWords(leg: Leg): string {
  if (leg.stands === 'absent') return 'never began';
  if (leg.stands === 'silent')
    return `unknown: its job fell silent while ${leg.last === undefined ? '' : stateInWords(leg.last.body)}`;
  return leg.last?.body.attempt === parityAttempt ? 'failed parity' : stateOf(leg);
}
