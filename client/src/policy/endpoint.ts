// What is known of one endpoint, learned from calls alone: state + event → next. Pure; all times are ms of one clock.

/** Closed lets calls through; open lets none; half-open waits for the one call that probes. `openings` in a row make the next one longer. */
export type Circuit =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly until: number; readonly openings: number }
  | { readonly state: 'half-open'; readonly openings: number };

export interface Endpoint {
  /** Moving average of the time to an answer; `undefined` before the first. */
  readonly latencyMs: number | undefined;
  /** Moving average of failures, 0 to 1. */
  readonly failing: number;
  /** When the averages were last fed. */
  readonly fedAt: number;
  /** When each try that has no outcome yet began, oldest first. */
  readonly pending: readonly number[];
  readonly circuit: Circuit;
  /** It asked to be left alone until then (`Retry-After`). */
  readonly pausedUntil: number;
}

export interface Settled {
  readonly startedAt: number;
  readonly at: number;
  /** `answered`: it did its work, if only to say no. `timed-out`: a failure that took all its time. `abandoned`: nobody wanted the answer any more. */
  readonly outcome: 'answered' | 'failed' | 'timed-out' | 'abandoned';
  readonly pauseMs?: number | undefined;
  /** 0 to 1: clients that saw the same failure must not come back at the same moment. */
  readonly random: number;
}

/** The averages forget over these times, so that an endpoint that was slow or failed is asked again now and then. */
const latencyMemoryMs = 30_000;
const failureMemoryMs = 10_000;
/** What a new sample weighs at least, so that under load the last ten or so count. */
const leastWeight = 0.1;
const failuresToOpen = 3;
const firstOpenMs = 1000;
const longestOpenMs = 30_000;
/** What a certain failure costs against a slow answer, in ms. */
const failureCostMs = 1000;
/** From here on another try is another burden. */
const unwell = 0.2;

export const unknownEndpoint: Endpoint = {
  latencyMs: undefined,
  failing: 0,
  fedAt: 0,
  pending: [],
  circuit: { state: 'closed', failures: 0 },
  pausedUntil: 0,
};

export function started(endpoint: Endpoint, at: number): Endpoint {
  const { circuit } = endpoint;
  return {
    ...endpoint,
    pending: [...endpoint.pending, at],
    circuit: circuit.state === 'open' ? { state: 'half-open', openings: circuit.openings } : circuit,
  };
}

export function settled(endpoint: Endpoint, event: Settled): Endpoint {
  const { startedAt, at, outcome, pauseMs = 0 } = event;
  const tookMs = at - startedAt;
  const hasFailed = outcome === 'failed' || outcome === 'timed-out';
  // A refused connection is quick and says nothing about speed; what was cut short took at least this long.
  const isSample = outcome === 'answered' || (outcome !== 'failed' && tookMs > (endpoint.latencyMs ?? 0));
  const sinceMs = at - endpoint.fedAt;
  return {
    latencyMs: isSample ? average(endpoint.latencyMs, tookMs, sinceMs, latencyMemoryMs) : endpoint.latencyMs,
    failing:
      outcome === 'abandoned'
        ? endpoint.failing
        : average(endpoint.failing, hasFailed ? 1 : 0, sinceMs, failureMemoryMs),
    fedAt: outcome === 'abandoned' && !isSample ? endpoint.fedAt : at,
    pending: without(endpoint.pending, startedAt),
    circuit: nextCircuit(endpoint.circuit, event),
    pausedUntil: Math.max(endpoint.pausedUntil, at + pauseMs),
  };
}

function nextCircuit(circuit: Circuit, { outcome, at, random }: Settled): Circuit {
  if (outcome === 'answered') return { state: 'closed', failures: 0 };
  if (outcome === 'abandoned') {
    // The probe told nothing: the next one may go at once.
    return circuit.state === 'half-open' ? { state: 'open', until: at, openings: circuit.openings } : circuit;
  }
  // Tries from before it opened fail for the reason it opened for.
  if (circuit.state === 'open') return circuit;
  if (circuit.state === 'closed' && circuit.failures + 1 < failuresToOpen) {
    return { state: 'closed', failures: circuit.failures + 1 };
  }
  const openings = circuit.state === 'half-open' ? circuit.openings + 1 : 1;
  const openMs = Math.min(longestOpenMs, firstOpenMs * 2 ** (openings - 1));
  return { state: 'open', until: at + openMs * (0.5 + random / 2), openings };
}

export function isUsable({ circuit, pausedUntil }: Endpoint, now: number): boolean {
  return circuit.state === 'closed' && pausedUntil <= now;
}

/** Whether it may be asked once to see if it is back. */
export function isProbeDue({ circuit, pausedUntil }: Endpoint, now: number): boolean {
  return circuit.state === 'open' && circuit.until <= now && pausedUntil <= now;
}

/** It answers: one more try there is no burden on something that already fails. */
export function isWell(endpoint: Endpoint, now: number): boolean {
  return isUsable(endpoint, now) && faded(endpoint.failing, now - endpoint.fedAt, failureMemoryMs) < unwell;
}

/**
 * What a try there is expected to cost, in ms. The oldest try without an answer says how long an answer takes at least: an endpoint that
 * hangs is left before any time-out. An old average fades, until one try at a time finds out what is true now.
 */
export function costOf({ latencyMs = 0, failing, fedAt, pending }: Endpoint, now: number): number {
  const [oldest] = pending;
  const sinceMs = now - fedAt;
  const latency = oldest === undefined ? faded(latencyMs, sinceMs, latencyMemoryMs) : Math.max(latencyMs, now - oldest);
  return latency + faded(failing, sinceMs, failureMemoryMs) * failureCostMs;
}

function average(old: number | undefined, sample: number, sinceMs: number, memoryMs: number): number {
  if (old === undefined) return sample;
  return old + (sample - old) * Math.max(leastWeight, 1 - Math.exp(-sinceMs / memoryMs));
}

function faded(value: number, sinceMs: number, memoryMs: number): number {
  return value * Math.exp(-Math.max(0, sinceMs) / memoryMs);
}

function without(starts: readonly number[], one: number): readonly number[] {
  const index = starts.indexOf(one);
  return index < 0 ? starts : [...starts.slice(0, index), ...starts.slice(index + 1)];
}
