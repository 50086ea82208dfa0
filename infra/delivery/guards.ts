// The guards around an environment beside what a release is made of: stop orders, holds, soak time, a split. Pure; every reason is for people.
import type { Fact } from '../contract/fact.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { upstreamOf } from '../contract/stack.ts';
import type { Target } from './delivery.ts';
import { entryFault, environmentState } from './environment-state.ts';
import type { Policy } from './policy.ts';
import { provenOn, runsNow } from './stack-state.ts';
import { holdOn, stopOrder } from './stop-order.ts';

export interface GuardQuestion {
  readonly facts: readonly Fact[];
  readonly release: string;
  readonly environment: Environment;
  /** Every stack that exists, of every environment. */
  readonly stacks: readonly Pick<Target, 'stack'>[];
  readonly policy: Pick<Policy, 'freezes' | 'promotions'>;
  readonly nowMs: number;
  /** Why it may enter although the environment is split: what whoever asked for the promotion said. */
  readonly override?: string | undefined;
}

/** Reasons why this release may not enter that environment just now; empty when it may. */
export function guardReasons(question: GuardQuestion): readonly string[] {
  return [...stopReasons(question), ...notSoaked(question), ...splitReasons(question)];
}

/** A stop order on the environment, a hold on the release: what also stops a deployment into dev. */
export function stopReasons({
  facts,
  policy,
  environment,
  release,
  nowMs,
}: Omit<GuardQuestion, 'stacks'>): readonly string[] {
  const stop = stopOrder(facts, policy, environment, nowMs);
  const hold = holdOn(facts, release);
  return [
    ...(stop === undefined ? [] : [stop]),
    ...(hold === undefined ? [] : [`${release} is held by ${hold.actor.login} since ${hold.at}: ${hold.body.reason}`]),
  ];
}

/** What was never proven upstream is refused for that already; soaking is asked of the rest. */
function notSoaked({ facts, release, environment, stacks, policy, nowMs }: GuardQuestion): string[] {
  const upstream = upstreamOf(environment);
  const neededMs = policy.promotions.soakMinutes * 60_000;
  if (upstream === undefined || neededMs === 0) return [];
  return stacks
    .filter(({ stack }) => stack.environment === upstream && provenOn(facts, stack.name, release))
    .map(({ stack }) => ({ name: stack.name, soaked: soakedMs(facts, stack.name, release, nowMs) }))
    .filter(({ soaked }) => soaked < neededMs)
    .map(
      ({ name, soaked }) =>
        `proven on ${name} for ${minutes(soaked)} min; policy.yaml wants ${policy.promotions.soakMinutes}`,
    );
}

/**
 * The longest time in milliseconds for which a stack ran that release, proven: from a healthy end until a verification there fails or
 * another deployment begins. What could not be told takes nothing back.
 */
export function soakedMs(facts: readonly Fact[], stack: StackName, release: string, nowMs: number): number {
  let since: number | undefined;
  let longest = 0;
  const end = (atMs: number) => {
    if (since !== undefined) longest = Math.max(longest, atMs - since);
    since = undefined;
  };
  for (const fact of facts) {
    if (!('stack' in fact) || fact.stack !== stack) continue;
    const atMs = Date.parse(fact.at);
    if (fact.kind === 'deployment') {
      if (fact.release !== release || fact.body.state !== 'healthy') end(atMs);
      else since ??= atMs;
    } else if (fact.kind === 'removal') end(atMs);
    else if (fact.kind === 'verification' && fact.release === release) {
      if (fact.body.outcome === 'failed') end(atMs);
      else if (fact.body.outcome === 'passed' && runsNow(facts, stack) === release) since ??= atMs;
    }
  }
  end(nowMs);
  return longest;
}

/** Stacks that differ, or that nobody can tell about, are brought together first: a third release on top would leave nobody able to say what is live. */
function splitReasons({ facts, environment, stacks, release, override, nowMs }: GuardQuestion): string[] {
  const names = stacks.map(({ stack }) => stack.name);
  const fault = entryFault(environmentState(facts, environment, names, nowMs), { release, override });
  return fault === undefined ? [] : [fault];
}

function minutes(milliseconds: number): string {
  return (milliseconds / 60_000).toFixed(1).replace(/\.0$/, '');
}
