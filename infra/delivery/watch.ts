// Is a release worse for the people who use it than the one before? Pure: requests, errors and latency of two spans of time.
import type { Traffic } from '../contract/ports.ts';
import type { Check } from '../contract/verification.ts';
import type { Policy } from './policy.ts';

export interface WatchQuestion {
  /** The span before the deployment; absent on a first one, or where nobody could read it. */
  readonly before: Traffic | undefined;
  readonly after: Traffic;
  readonly rule: Policy['watch'];
  /** How long was watched, and where it was read. */
  readonly seconds: number;
  readonly source: string;
}

/** Two checks, `traffic-errors` and `traffic-latency`. With fewer requests than `minRequests` nothing can be told: both pass and say so. */
export function judgeTraffic({ before, after, rule, seconds, source }: WatchQuestion): readonly Check[] {
  const common = { seconds, source };
  const few =
    after.requests < rule.minRequests ? `too few requests: ${after.requests} of ${rule.minRequests}` : undefined;
  return [
    { name: 'traffic-errors', ...common, ...judgeErrors(before, after, rule, few) },
    { name: 'traffic-latency', ...common, ...judgeLatency(before, after, rule, few) },
  ];
}

type Judgement = Pick<Check, 'outcome' | 'expected' | 'found'>;

function judgeErrors(before: Traffic | undefined, after: Traffic, rule: Policy['watch'], few?: string): Judgement {
  // One request that failed before would excuse any number after.
  const was = before !== undefined && before.requests >= rule.minRequests ? errorPercent(before) : 0;
  const is = errorPercent(after);
  const expected = `at most ${round(was + rule.maxErrorPercent)} % of requests answered 5xx (before: ${round(was)} %)`;
  if (few !== undefined) return { outcome: 'passed', expected, found: few };
  const outcome = is - was > rule.maxErrorPercent ? 'failed' : 'passed';
  return { outcome, expected, found: `${round(is)} % of ${after.requests}` };
}

function judgeLatency(before: Traffic | undefined, after: Traffic, rule: Policy['watch'], few?: string): Judgement {
  const was = before !== undefined && before.requests >= rule.minRequests ? before.meanLatencyMs : undefined;
  const is = after.meanLatencyMs;
  if (was === undefined || was === 0) {
    const found =
      few ?? (is === undefined ? 'no latency' : `${round(is)} ms, and too few requests before to compare with`);
    return { outcome: 'passed', expected: `at most ${rule.maxLatencyRatio} times the mean latency before`, found };
  }
  const expected = `a mean latency of at most ${round(was * rule.maxLatencyRatio)} ms (before: ${round(was)} ms)`;
  if (few !== undefined || is === undefined) return { outcome: 'passed', expected, found: few ?? 'no latency' };
  return { outcome: is / was > rule.maxLatencyRatio ? 'failed' : 'passed', expected, found: `${round(is)} ms` };
}

function errorPercent({ requests, errors }: Traffic): number {
  return requests === 0 ? 0 : (100 * errors) / requests;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
