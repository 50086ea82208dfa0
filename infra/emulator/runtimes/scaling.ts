// How many instances a runtime's documented rule wants, from what was measured and when: pure, without a clock of its own.
import type { AutoscalingRule } from '../../contract/runtime.ts';

export interface Bounds {
  /** 0 only where the platform scales to zero. */
  readonly min: number;
  readonly max: number;
}

/** What one instance is meant to carry, and what it can. */
export interface Capacity {
  /** Requests an instance is given at a time; `null`: no limit. */
  readonly concurrency: number | null;
  /** Percent of an instance's CPU, where the rule follows it. */
  readonly cpuPercent?: number;
}

/** Averages over the rule's window, all instances together. */
export interface Measured {
  /** Requests under way, those that wait for room included. */
  readonly requests: number;
  /** Percent of one instance's CPU: 150 is one and a half instances busy. */
  readonly cpuPercent?: number;
  /** At this moment: requests under way and waiting. */
  readonly requestsNow: number;
  /** At this moment: requests that no instance has room for. */
  readonly waitingNow: number;
}

/** Since when the rule has wanted something else than there is; in milliseconds of whatever clock asks. */
export interface Leaning {
  readonly more?: { readonly sinceMs: number };
  /** `most`: the most that was wanted in that time, so that a dip inside a busy time takes nothing away. */
  readonly fewer?: { readonly sinceMs: number; readonly most: number };
}

export interface Decision {
  readonly wanted: number;
  readonly leaning: Leaning;
}

/** `rule`'s delays are in seconds and taken as they are: whoever shortens time shortens them. `current` counts instances that are starting. */
export function decide(
  rule: AutoscalingRule,
  capacity: Capacity,
  bounds: Bounds,
  current: number,
  measured: Measured,
  leaning: Leaning,
  nowMs: number,
): Decision {
  const within = (count: number) => Math.min(Math.max(count, bounds.min), bounds.max);
  const base = within(current);
  if (base !== current) return { wanted: base, leaning: {} };
  const atOnce = within(urgent(rule, capacity, measured));
  if (atOnce > current) return { wanted: atOnce, leaning: {} };
  const desired = within(Math.max(desiredBy(rule, capacity, measured), measured.requestsNow > 0 ? 1 : 0));
  if (desired > current) {
    const more = leaning.more ?? { sinceMs: nowMs };
    if (nowMs - more.sinceMs < rule.outSeconds * 1000) return { wanted: current, leaning: { more } };
    return { wanted: rule.step === 'one' ? current + 1 : desired, leaning: {} };
  }
  if (desired === current) return { wanted: current, leaning: {} };
  const fewer = { sinceMs: leaning.fewer?.sinceMs ?? nowMs, most: Math.max(leaning.fewer?.most ?? 0, desired) };
  if (nowMs - fewer.sinceMs < rule.inSeconds * 1000) return { wanted: current, leaning: { fewer } };
  return { wanted: rule.step === 'one' ? current - 1 : fewer.most, leaning: {} };
}

/** Requests that wait for room do not wait for an average. */
function urgent(rule: AutoscalingRule, { concurrency }: Capacity, { requestsNow, waitingNow }: Measured): number {
  if (rule.onDemand !== true || waitingNow === 0) return 0;
  return concurrency === null ? 1 : Math.ceil(requestsNow / concurrency);
}

/** The measure that wants most wins: https://cloud.google.com/run/docs/about-instance-autoscaling */
function desiredBy(rule: AutoscalingRule, capacity: Capacity, measured: Measured): number {
  const byRequests =
    rule.metric === 'concurrency' && capacity.concurrency !== null
      ? Math.ceil(rounded(measured.requests / (capacity.concurrency * rule.target.share)))
      : 0;
  const byCpu =
    capacity.cpuPercent === undefined ? 0 : Math.ceil(rounded((measured.cpuPercent ?? 0) / capacity.cpuPercent));
  // An instance that does nothing takes some CPU all the same: what nobody asks may go.
  return rule.metric === 'concurrency' && measured.requests === 0 ? 0 : Math.max(byRequests, byCpu);
}

/** 48 / (80 × 0.6) is one instance, not one and a rounding error. */
function rounded(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}
