// What a call does next: try somewhere, wait, or give up. Pure.
import { choose } from './choose.ts';
import { isUsable, isWell } from './endpoint.ts';
import { type Fleet, slowAnswerMs } from './fleet.ts';

export interface Call {
  readonly deadline: number;
  /** Rounds of tries that failed; a hedged round is one. */
  readonly rounds: number;
  /** Endpoints that failed in this call, in order. */
  readonly seen: readonly number[];
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
  | { readonly kind: 'give-up'; readonly why: 'deadline' | 'exhausted' };

const firstBackOffMs = 50;
const longestBackOffMs = 2000;
/** A timer may fire this early. */
const timerMs = 1;

export function nextStep(call: Call, fleet: Fleet, limits: Limits, now: number, random: number): Step {
  const leftMs = call.deadline - now;
  if (leftMs <= timerMs) return { kind: 'give-up', why: 'deadline' };
  if (call.rounds > limits.retries) return { kind: 'give-up', why: 'exhausted' };
  const choice = choose(fleet.endpoints, call.seen, now, random);
  if ('pausedUntil' in choice) {
    const ms = choice.pausedUntil - now + random * firstBackOffMs;
    return ms < leftMs ? { kind: 'wait', ms } : { kind: 'give-up', why: 'exhausted' };
  }

  const { endpoint, probe } = choice;
  const state = fleet.endpoints[endpoint];
  const isMove = !call.seen.includes(endpoint) && state !== undefined && isWell(state, now);
  // To move on to an endpoint that answers takes no waiting and burdens nobody; whatever else is a retry proper.
  const isRetry = call.rounds > 0 && !isMove;
  if (isRetry && fleet.retryTokens < 1) return { kind: 'give-up', why: 'exhausted' };
  // Half of what is left stays for the try.
  if (isRetry && !call.hasRested) return { kind: 'wait', ms: Math.min(backOffMs(call.rounds, random), leftMs / 2) };
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
  const choice = choose(fleet.endpoints, [...call.seen, busy], now, random);
  if ('pausedUntil' in choice || choice.endpoint === busy || call.seen.includes(choice.endpoint)) return undefined;
  const state = fleet.endpoints[choice.endpoint];
  return state !== undefined && isUsable(state, now) ? choice.endpoint : undefined;
}
