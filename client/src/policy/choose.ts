// Which endpoint a try goes to: the fastest that works, not one that this call already saw failing. Pure.
import { costOf, type Endpoint, hasRoom, isProbeDue, isUsable } from './endpoint.ts';

/** What this call has met so far. */
export interface Past {
  /** Endpoints that failed in this call, in order; those that turned it away as well. */
  readonly seen: readonly number[];
  /** They would only say no again. */
  readonly turnedAway: readonly number[];
  /** They told this call when to come back. */
  readonly holds: readonly Hold[];
}

export interface Hold {
  readonly endpoint: number;
  readonly until: number;
  readonly ms: number;
}

export type Choice =
  /** `probe`: gets a copy of the request as well, to see whether it is back; nobody waits for its answer. */
  | { readonly endpoint: number; readonly probe?: number | undefined }
  /** None may be asked now; who waits for the same moment comes back spread over `spreadMs`. Never, when all turned this call away. */
  | { readonly waitUntil: number; readonly spreadMs: number };

/** Endpoints this much slower than the fastest count as equally fast, and share the load. */
const sameFactor = 1.25;
const sameMs = 2;
/** How soon to look again for room, at least. */
const leastLookMs = 10;

/** @param random 0 to 1. */
export function choose(endpoints: readonly Endpoint[], past: Past, now: number, random: number): Choice {
  const { seen, turnedAway, holds } = past;
  const open = endpoints
    .map((endpoint, index) => ({ endpoint, index, pause: pauseOf(endpoint, index, holds) }))
    .filter(({ index }) => !turnedAway.includes(index));
  const willing = open.filter(({ pause }) => pause.until <= now);
  const usable = fresh(
    willing.filter(({ endpoint }) => isUsable(endpoint, now)),
    seen,
  );
  const due = fresh(
    willing.filter(({ endpoint }) => isProbeDue(endpoint, now)),
    seen,
  );
  if (usable.length > 0) return { endpoint: fastest(usable, now, random), probe: due[0]?.index };
  if (due.length > 0) return { endpoint: fastest(due, now, random) };
  const full = willing.filter(({ endpoint }) => !hasRoom(endpoint));
  const [busy] = full.filter(({ endpoint }) => endpoint.circuit.state === 'closed');
  const rest = fresh(
    willing.filter(({ endpoint }) => hasRoom(endpoint)),
    seen,
  );
  // Nothing works that we know of: to ask is better than to fail unasked; but what only has no room is worth a moment.
  if (busy === undefined && rest.length > 0) return { endpoint: fastest(rest, now, random) };
  const some = busy ?? full[0];
  if (some !== undefined)
    return { waitUntil: now, spreadMs: Math.max(leastLookMs, 2 * (some.endpoint.latencyMs ?? 0)) };
  const waitUntil = Math.min(...open.map(({ pause }) => pause.until));
  return { waitUntil, spreadMs: open.find(({ pause }) => pause.until === waitUntil)?.pause.ms ?? 0 };
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly index: number;
}

/** The longer of what it told everybody and what it told this call. */
function pauseOf({ pausedUntil, pauseMs }: Endpoint, index: number, holds: readonly Hold[]) {
  const pauses = [{ until: pausedUntil, ms: pauseMs }, ...holds.filter(({ endpoint }) => endpoint === index)];
  return pauses.reduce((longest, one) => (one.until > longest.until ? one : longest));
}

function fresh(candidates: readonly Candidate[], seen: readonly number[]): readonly Candidate[] {
  const unseen = candidates.filter(({ index }) => !seen.includes(index));
  return unseen.length > 0 ? unseen : candidates;
}

function fastest(candidates: readonly Candidate[], now: number, random: number): number {
  const priced = candidates.map(({ endpoint, index }) => ({
    index,
    cost: costOf(endpoint, now),
    load: endpoint.pending.length,
  }));
  const least = Math.min(...priced.map(({ cost }) => cost));
  const equal = priced.filter(({ cost }) => cost <= least * sameFactor + sameMs);
  const idlest = Math.min(...equal.map(({ load }) => load));
  const chosen = equal.filter(({ load }) => load === idlest);
  return chosen[Math.floor(random * chosen.length)]?.index ?? 0;
}
