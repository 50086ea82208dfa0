// What a call does next: try somewhere, wait, or give up. Pure.
import { choose, type Past } from './choose.ts';
import { isUsable, isWell } from './endpoint.ts';
import { type Fleet, slowAnswerMs } from './fleet.ts';

export interface Call extends Past {
  readonly deadline: number;
  /** Rounds of tries that failed; a hedged round is one. */
  readonly rounds: number;
  /** It has backed off since the last failure. */
  readonly hasRested: boolean;
}

export interface Limits {
  readonly retries: number;
  readonly tryTimeoutMs: number;
  /** `false` for never; `afterMs` absent: after the 95th percentile of the last answers. */
  readonly hedge: false | { readonly afterMs?: number | undefined };
}

export type Step =
  | {
      readonly kind: 'try';
      readonly endpoint: number;
      readonly withinMs: number;
      readonly pays?: 'retry' | undefined;
      readonly probe?: number | undefined;
    }
  | { readonly kind: 'wait'; readonly ms: number }
  /** `refused`: every endpoint that was asked said no. */
  | { readonly kind: 'give-up'; readonly why: 'deadline' | 'exhausted' | 'refused' };

const firstBackOffMs = 50;
const longestBackOffMs = 2000;
/** A timer may fire this early. */
const timerMs = 1;

export function nextStep(call: Call, fleet: Fleet, limits: Limits, now: number, random: number): Step {
  const leftMs = call.deadline - now;
  if (leftMs <= timerMs) return { kind: 'give-up', why: 'deadline' };
  if (call.rounds > limits.retries) return exhausted(call);
  const choice = choose(fleet.endpoints, call, now, random);
  if ('waitUntil' in choice) {
    const leastMs = choice.waitUntil - now;
    if (leastMs >= leftMs) return exhausted(call);
    return { kind: 'wait', ms: leastMs + random * Math.min(choice.spreadMs, (leftMs - leastMs) / 2) };
  }

  const { endpoint, probe } = choice;
  const state = fleet.endpoints[endpoint];
  const isMove = !call.seen.includes(endpoint) && state !== undefined && isWell(state, now);
  // To move on to an endpoint that answers takes no waiting and burdens nobody; whatever else is a retry proper.
  const isRetry = call.rounds > 0 && !isMove;
  // Half of what is left stays for the try.
  const rest: Step = { kind: 'wait', ms: Math.min(backOffMs(call.rounds, random), leftMs / 2) };
  if (isRetry && fleet.retryTokens < 1) {
    // Who was told to come back may wait for the budget too: that burdens nobody.
    return call.holds.some((hold) => hold.endpoint === endpoint) ? rest : exhausted(call);
  }
  if (isRetry && !call.hasRested) return rest;
  const isLast = call.rounds === limits.retries;
  return {
    kind: 'try',
    endpoint,
    // Nothing comes after the last try, so that it has what time there is.
    withinMs: isLast ? leftMs : Math.min(limits.tryTimeoutMs, leftMs),
    ...(isRetry ? { pays: 'retry' } : {}),
    ...(probe === undefined ? {} : { probe }),
  };
}

function exhausted({ seen, turnedAway }: Call): Step {
  const saidNo = seen.length > 0 && seen.every((endpoint) => turnedAway.includes(endpoint));
  return { kind: 'give-up', why: saidNo ? 'refused' : 'exhausted' };
}

/** Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
export function backOffMs(rounds: number, random: number): number {
  return random * Math.min(longestBackOffMs, firstBackOffMs * 2 ** (rounds - 1));
}

/** When to send the same request elsewhere as well; `undefined` for not at all. */
export function hedgeAfterMs(fleet: Fleet, { hedge }: Limits): number | undefined {
  if (hedge === false || fleet.endpoints.length < 2) return undefined;
  return hedge.afterMs ?? slowAnswerMs(fleet);
}

/** Where the second request goes: only to an endpoint that works, and only while the share allows. */
export function hedgeTo(busy: number, call: Call, fleet: Fleet, now: number, random: number): number | undefined {
  if (fleet.hedgeTokens < 1) return undefined;
  const choice = choose(fleet.endpoints, { ...call, seen: [...call.seen, busy] }, now, random);
  if ('waitUntil' in choice || choice.endpoint === busy || call.seen.includes(choice.endpoint)) return undefined;
  const state = fleet.endpoints[choice.endpoint];
  return state !== undefined && isUsable(state, now) ? choice.endpoint : undefined;
}
