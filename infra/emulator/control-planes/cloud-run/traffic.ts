// Who gets how much of a Cloud Run service's traffic: what the API refuses, and what it makes of what was asked for. Pure.
// https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
import type { TrafficTarget } from './container.ts';

export const latestType = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';

/** What holds when nothing is asked for. */
export const allToLatest: readonly TrafficTarget[] = [{ type: latestType, percent: 100 }];

/**
 * @param known names of the revisions there are, the one that is being made among them. @returns the vendor's objection, if there is one.
 */
export function trafficFault(targets: readonly TrafficTarget[], known: readonly string[]): string | undefined {
  const sum = targets.reduce((whole, { percent = 0 }) => whole + percent, 0);
  if (sum !== 100) return `spec.traffic: The sum of all percents must be 100, got ${sum}.`;
  const tags = targets.flatMap(({ tag }) => tag ?? []);
  const twice = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (twice !== undefined) return `spec.traffic: Tag '${twice}' is used more than once.`;
  for (const { type, revision } of targets) {
    if (type === latestType && revision !== undefined) return 'spec.traffic: revision must not be set with LATEST.';
    if (type !== latestType && revision === undefined) return 'spec.traffic: revision must be set with REVISION.';
    if (revision !== undefined && !known.includes(revision)) return `Revision '${revision}' not found.`;
  }
  return undefined;
}

/** Names of the revisions that must run: those that get requests, or can be asked by their tag. */
export function neededBy(targets: readonly TrafficTarget[], latest: string | undefined): readonly string[] {
  const wanted = targets.filter(({ percent = 0, tag }) => percent > 0 || tag !== undefined);
  return [...new Set(wanted.flatMap((target) => target.revision ?? latest ?? []))];
}

/** Percent by revision. */
export function weightsOf(targets: readonly TrafficTarget[], latest: string | undefined): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { revision = latest, percent = 0 } of targets) {
    if (revision !== undefined && percent > 0) weights.set(revision, (weights.get(revision) ?? 0) + percent);
  }
  return weights;
}
