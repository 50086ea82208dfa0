// What is known of one endpoint, learned from calls alone: state + event → next. Pure; all times are ms of one clock.

/** Closed lets calls through; open lets none; half-open waits for the one try that probes, begun at `since`. `openings` in a row make the next one longer. */
export type Circuit =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly until: number; readonly openings: number }
  | { readonly state: 'half-open'; readonly openings: number; readonly since: number };

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
  /** It asked to be left alone until then (`Retry-After`), for `pauseMs`. */
  readonly pausedUntil: number;
  readonly pauseMs: number;
  /** It shed what went beyond so many tries at once; grows with its answers. `undefined`: never seen. */
  readonly room: number | undefined;
}

export interface Settled {
  readonly startedAt: number;
  readonly at: number;
  /**
   * `answered`: it did its work. `refused`: it works, and said no before it had work. `turned-away`: a no that may be its own alone, which
   * tells nothing until another endpoint says yes. `shed`: it said when to come back (`pauseMs`). `timed-out`: a failure that took all its
   * time. `abandoned`: nobody wanted the answer any more.
   */
  readonly outcome: 'answered' | 'refused' | 'turned-away' | 'shed' | 'failed' | 'timed-out' | 'abandoned';
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
/** What an answer adds to the room, in tries at once: a twentieth is shed at most where there is no more. */
const roomPerAnswer = 0.05;
/** From here on another try is another burden. */
const unwell = 0.2;

export const unknownEndpoint: Endpoint = {
  latencyMs: undefined,
  failing: 0,
  fedAt: 0,
  pending: [],
  circuit: { state: 'closed', failures: 0 },
  pausedUntil: 0,
  pauseMs: 0,
  room: undefined,
};

export function started(endpoint: Endpoint, at: number): Endpoint {
  const { circuit } = endpoint;
  return {
    ...endpoint,
    pending: [...endpoint.pending, at],
    // A try that is sent because nothing else works is no probe: however many there are, they say what one says.
    circuit: isOver(circuit, at) ? { state: 'half-open', openings: circuit.openings, since: at } : circuit,
  };
}

export function settled(endpoint: Endpoint, event: Settled): Endpoint {
  const { startedAt, at, outcome } = event;
  const tookMs = at - startedAt;
  // What was cut short took at least this long; to refuse, a connection or a request, is quick and says nothing about speed.
  const isCutShort = outcome === 'timed-out' || outcome === 'abandoned';
  const isSample = outcome === 'answered' || (isCutShort && tookMs > (endpoint.latencyMs ?? 0));
  const failure = failureSample[outcome];
  const sinceMs = at - endpoint.fedAt;
  const next: Endpoint = {
    ...endpoint,
    latencyMs: isSample ? average(endpoint.latencyMs, tookMs, sinceMs, latencyMemoryMs) : endpoint.latencyMs,
    failing: failure === undefined ? endpoint.failing : average(endpoint.failing, failure, sinceMs, failureMemoryMs),
    fedAt: isSample || failure !== undefined ? at : endpoint.fedAt,
    pending: without(endpoint.pending, startedAt),
    circuit: nextCircuit(endpoint.circuit, event),
  };
  if (outcome === 'shed') return shed(next, at, event.pauseMs ?? 0);
  const { room } = next;
  return outcome === 'answered' && room !== undefined ? { ...next, room: room + roomPerAnswer } : next;
}

const failureSample: Readonly<Record<Settled['outcome'], 0 | 1 | undefined>> = {
  answered: 0,
  refused: 0,
  failed: 1,
  'timed-out': 1,
  'turned-away': undefined,
  // It works, on what it has room for.
  shed: undefined,
  abandoned: undefined,
};

/** What else this client has there shows how much it takes; where it has nothing, it takes nothing, and the pause is everybody's. */
function shed(endpoint: Endpoint, at: number, pauseMs: number): Endpoint {
  const others = endpoint.pending.length;
  if (others > 0) return { ...endpoint, room: Math.min(endpoint.room ?? others, others) };
  if (at + pauseMs <= endpoint.pausedUntil) return endpoint;
  return { ...endpoint, pausedUntil: at + pauseMs, pauseMs, room: undefined };
}

/** Another endpoint took what this one had turned away: the fault is here. */
export function disproved(endpoint: Endpoint, at: number, random: number): Endpoint {
  const { circuit, failing, fedAt } = endpoint;
  return {
    ...endpoint,
    failing: average(failing, 1, at - fedAt, failureMemoryMs),
    fedAt: at,
    circuit: circuit.state === 'closed' ? failedOnce(circuit.failures, at, random) : circuit,
  };
}

function nextCircuit(circuit: Circuit, { outcome, startedAt, at, random }: Settled): Circuit {
  if (outcome === 'answered' || outcome === 'refused') return { state: 'closed', failures: 0 };
  const hasFailed = failureSample[outcome] === 1;
  if (circuit.state === 'closed') return hasFailed ? failedOnce(circuit.failures, at, random) : circuit;
  // Tries from before it opened, and those sent because nothing else works, fail for the reason it opened for.
  if (circuit.state === 'open' || circuit.since !== startedAt) return circuit;
  // Nobody waited for the probe: the next one may go at once.
  if (outcome === 'abandoned') return { state: 'open', until: at, openings: circuit.openings };
  // A probe that was turned away or shed neither failed nor showed that calls are answered again.
  return opened(hasFailed ? circuit.openings + 1 : circuit.openings, at, random);
}

function failedOnce(before: number, at: number, random: number): Circuit {
  return before + 1 < failuresToOpen ? { state: 'closed', failures: before + 1 } : opened(1, at, random);
}

function opened(openings: number, at: number, random: number): Circuit {
  const openMs = Math.min(longestOpenMs, firstOpenMs * 2 ** (openings - 1));
  return { state: 'open', until: at + openMs * (0.5 + random / 2), openings };
}

function isOver(circuit: Circuit, now: number): circuit is Extract<Circuit, { state: 'open' }> {
  return circuit.state === 'open' && circuit.until <= now;
}

export function isUsable(endpoint: Endpoint, now: number): boolean {
  return endpoint.circuit.state === 'closed' && endpoint.pausedUntil <= now && hasRoom(endpoint);
}

export function hasRoom({ pending, room }: Endpoint): boolean {
  return room === undefined || pending.length < Math.floor(room);
}

/** Whether it may be asked once to see if it is back. */
export function isProbeDue({ circuit, pausedUntil }: Endpoint, now: number): boolean {
  return isOver(circuit, now) && pausedUntil <= now;
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
