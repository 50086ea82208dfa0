// What stops a release on its way: a freeze by a person, a window in policy.yaml, a hold. Pure; rolling back asks none of it.
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Environment } from '../contract/stack.ts';
import { indexOf } from '../ledger/index-of.ts';
import type { Policy } from './policy.ts';

/** The freeze in force: the newest one that nobody thawed and whose time is not over. */
export function freezeOf(
  facts: readonly Fact[],
  environment: Environment,
  nowMs: number,
): FactOf<'freeze'> | undefined {
  const newest = facts.findLast(
    (fact): fact is FactOf<'freeze'> | FactOf<'thaw'> =>
      (fact.kind === 'freeze' || fact.kind === 'thaw') && fact.environment === environment,
  );
  if (newest?.kind !== 'freeze') return undefined;
  const { until } = newest.body;
  return until === undefined || nowMs < Date.parse(until) ? newest : undefined;
}

/**
 * Why nothing may be promoted into that environment just now, in one sentence; `undefined` when it may. Asked when a promotion is prepared,
 * when it starts, and again right before each stack is touched; never for a rollback, nor for putting back what ran before.
 * @param nowMs milliseconds since the epoch; a window holds from `from` until just before `until`.
 */
export function stopOrder(
  facts: readonly Fact[],
  policy: Pick<Policy, 'freezes'>,
  environment: Environment,
  nowMs: number,
): string | undefined {
  const freeze = freezeOf(facts, environment, nowMs);
  if (freeze !== undefined) {
    const { until, reason } = freeze.body;
    return `${environment} is frozen by ${freeze.actor.login}${until === undefined ? '' : ` until ${until}`}: ${reason}`;
  }
  const window = policy.freezes.find(
    (one) => one.environment === environment && Date.parse(one.from) <= nowMs && nowMs < Date.parse(one.until),
  );
  if (window === undefined) return undefined;
  return `policy.yaml freezes ${environment} until ${window.until}: ${window.reason}`;
}

/**
 * Releases of the same image that nobody holds, newest first. A hold is on a release: its settings may be what is bad, and going back to
 * an earlier one of the same image must stay possible. Where the image is, people must know of the others.
 */
export function unheldOfSameImage(facts: readonly Fact[], release: string): readonly string[] {
  const made = indexOf(facts);
  const digest = made.release.get(release)?.body.manifest.image.digest;
  return made.releases
    .filter((one) => one.release !== release && one.body.manifest.image.digest === digest)
    .map((one) => one.release)
    .filter((one) => holdOn(facts, one) === undefined);
}

/** The hold on a release: the newest one that nobody lifted. */
export function holdOn(facts: readonly Fact[], release: string): FactOf<'hold'> | undefined {
  const newest = indexOf(facts).holds.get(release);
  return newest?.kind === 'hold' ? newest : undefined;
}
