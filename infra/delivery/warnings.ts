// What everybody must see who looks at the deliveries: stop orders, holds, broken glass, overrides. Pure.
import type { Fact } from '../contract/fact.ts';
import { environments } from '../contract/stack.ts';
import { currentReleases, releases } from '../ledger/view.ts';
import type { Policy } from './policy.ts';
import { promotionState } from './promotion-state.ts';
import { holdOn, stopOrder, unheldOfSameImage } from './stop-order.ts';

/** @param nowMs milliseconds since the epoch. @returns one sentence each, the most pressing first. */
export function warningsOf(facts: readonly Fact[], policy: Pick<Policy, 'freezes'>, nowMs: number): readonly string[] {
  const stops = environments.flatMap((environment) => stopOrder(facts, policy, environment, nowMs) ?? []);
  const holds = releases(facts).flatMap(({ release }) => {
    const hold = holdOn(facts, release);
    if (hold === undefined) return [];
    const others = unheldOfSameImage(facts, release);
    const same = others.length === 0 ? '' : ` (not held, of the same image: ${others.join(', ')})`;
    return [`${release} is held by ${hold.actor.login}: ${hold.body.reason}${same}`];
  });
  return [...stops, ...brokenGlass(facts), ...holds, ...overrides(facts)];
}

/** For as long as what was let in that way runs, or may still be started. */
function brokenGlass(facts: readonly Fact[]): string[] {
  const runs = [...currentReleases(facts).values()];
  return facts.flatMap((fact) => {
    if (fact.kind !== 'approval' || fact.body.breakGlass === undefined) return [];
    const { environment, release, body } = fact;
    const state = promotionState(facts, body.promotion);
    const isLive = runs.some((one) => one.environment === environment && one.release === release);
    if (!isLive && state !== 'prepared' && state !== 'started') return [];
    return [
      `BROKEN GLASS: ${body.approver} let ${release} into ${environment} (${body.promotion}): ${body.breakGlass}`,
    ];
  });
}

function overrides(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'promotion' || fact.body.state !== 'prepared' || fact.body.override === undefined) return [];
    const { promotion, override } = fact.body;
    const state = promotionState(facts, promotion);
    if (state !== 'prepared' && state !== 'started') return [];
    return [`OVERRIDE: ${promotion} of ${fact.release} enters ${fact.environment} as it is: ${override}`];
  });
}
