// Which endpoint a try goes to: the fastest that works, not one that this call already saw failing. Pure.
import { costOf, type Endpoint, isProbeDue, isUsable } from './endpoint.ts';

export type Choice =
  /** `probe`: gets a copy of the request as well, to see whether it is back; nobody waits for its answer. */
  | { readonly endpoint: number; readonly probe?: number | undefined }
  /** All of them asked to be left alone. */
  | { readonly pausedUntil: number };

/** Endpoints this much slower than the fastest count as equally fast, and share the load. */
const sameFactor = 1.25;
const sameMs = 2;

/** @param seen endpoints that failed in this call. @param random 0 to 1. */
export function choose(endpoints: readonly Endpoint[], seen: readonly number[], now: number, random: number): Choice {
  const all = endpoints.map((endpoint, index) => ({ endpoint, index }));
  const usable = fresh(
    all.filter(({ endpoint }) => isUsable(endpoint, now)),
    seen,
  );
  const due = fresh(
    all.filter(({ endpoint }) => isProbeDue(endpoint, now)),
    seen,
  );
  if (usable.length > 0) return { endpoint: fastest(usable, now, random), probe: due[0]?.index };
  if (due.length > 0) return { endpoint: fastest(due, now, random) };
  // Nothing works that we know of: to ask is better than to fail unasked.
  const willing = fresh(
    all.filter(({ endpoint }) => endpoint.pausedUntil <= now),
    seen,
  );
  if (willing.length > 0) return { endpoint: fastest(willing, now, random) };
  return { pausedUntil: Math.min(...endpoints.map(({ pausedUntil }) => pausedUntil)) };
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly index: number;
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
