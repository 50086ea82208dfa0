// How many processes, and when one that ended is replaced. Pure.
import { availableParallelism } from 'node:os';

/** In one minute; more often means that it can't work here. */
export const mostRestarts = 5;
const minuteMs = 60_000;

export function processCount(setting: number | 'auto'): number {
  return setting === 'auto' ? availableParallelism() : setting;
}

/** @param restarts when processes were replaced before, in ms. @returns those that still count, `undefined` when there were too many. */
export function recentRestarts(restarts: readonly number[], now: number): number[] | undefined {
  const recent = restarts.filter((at) => now - at < minuteMs);
  return recent.length < mostRestarts ? recent : undefined;
}
