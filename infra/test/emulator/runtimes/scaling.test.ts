import { describe, expect, it, test } from 'vitest';
import { appRunner } from '../../../clouds/aws/app-runner/runtime.ts';
import { appService } from '../../../clouds/azure/app-service/runtime.ts';
import { cloudRun } from '../../../clouds/gcp/cloud-run/runtime.ts';
import type { AutoscalingRule } from '../../../contract/runtime.ts';
import { cpuSeconds, secondsOfPs, secondsOfStat } from '../../../emulator/runtimes/cpu-time.ts';
import { type Capacity, decide, type Leaning, type Measured } from '../../../emulator/runtimes/scaling.ts';

const bounds = { min: 1, max: 4 };
const quiet = { requests: 0, requestsNow: 0, waitingNow: 0 };
const steady = (requests: number, cpuPercent?: number): Measured => ({
  requests,
  requestsNow: requests,
  waitingNow: 0,
  ...(cpuPercent === undefined ? {} : { cpuPercent }),
});

/** Plays measurements, each with the second it is made at, and says how many instances there are after each. */
function played(
  rule: AutoscalingRule,
  capacity: Capacity,
  steps: readonly (readonly [second: number, measured: Measured])[],
  from = 1,
  within = bounds,
): number[] {
  let count = from;
  let leaning: Leaning = {};
  return steps.map(([second, measured]) => {
    const decided = decide(rule, capacity, within, count, measured, leaning, second * 1000);
    count = decided.wanted;
    leaning = decided.leaning;
    return count;
  });
}

describe('App Runner: concurrency', () => {
  const rule = appRunner.autoscaling.value;
  const of10 = { concurrency: 10 };

  it('adds what the requests under way need, and never more than the maximum', () => {
    expect(
      played(rule, of10, [
        [0, steady(10)],
        [1, steady(11)],
        [2, steady(39)],
        [3, steady(400)],
      ]),
    ).toEqual([1, 2, 4, 4]);
  });

  it('does not wait for an average when a request finds no room', () => {
    const suddenly = { requests: 1, requestsNow: 25, waitingNow: 15 };
    expect(played(rule, of10, [[0, suddenly]])).toEqual([3]);
  });

  it('takes away only after five minutes of less, and then to the most that was wanted in them', () => {
    const steps = [
      [0, steady(5)],
      [100, steady(25)],
      [299, steady(5)],
      [399, steady(5)],
      [400, steady(5)],
    ] as const;
    // From 100 on nothing was wanted above three; at 399 the five minutes since 0 are over.
    expect(played(rule, of10, steps, 4)).toEqual([4, 4, 4, 3, 3]);
    expect(
      played(
        rule,
        of10,
        [
          [0, quiet],
          [299, quiet],
          [300, quiet],
        ],
        3,
      ),
    ).toEqual([3, 3, 1]);
  });

  it('does not flap: a burst inside the five minutes begins them anew', () => {
    const steps = [
      [0, quiet],
      [200, steady(35)],
      [201, quiet],
      [400, quiet],
      [501, quiet],
    ] as const;
    expect(played(rule, of10, steps, 4)).toEqual([4, 4, 4, 4, 1]);
  });

  it('keeps to bounds that have changed', () => {
    expect(played(rule, of10, [[0, quiet]], 1, { min: 2, max: 4 })).toEqual([2]);
    expect(played(rule, of10, [[0, steady(90)]], 9, { min: 1, max: 4 })).toEqual([4]);
  });
});

describe('Cloud Run: sixty percent of concurrency and CPU, and zero', () => {
  const rule = cloudRun.autoscaling.value;
  const of80 = { concurrency: 80, cpuPercent: rule.cpuPercent };
  const zero = { min: 0, max: 4 };

  test.each([
    ['48 of 80 requests are one instance', steady(48, 10), 1],
    ['49 are two', steady(49, 10), 2],
    ['CPU may want more than requests do', steady(2, 130), 3],
    ['a request with no average yet keeps one', { requests: 0, requestsNow: 1, waitingNow: 0 }, 1],
  ])('%s', (_what, measured, wanted) => {
    expect(played(rule, of80, [[0, measured]], 1, zero)).toEqual([wanted]);
  });

  it('goes to zero after fifteen idle minutes, not earlier, and comes back for one request', () => {
    const cold = { requests: 0, requestsNow: 1, waitingNow: 1 };
    expect(
      played(
        rule,
        of80,
        [
          [0, quiet],
          [899, quiet],
          [900, quiet],
          [2000, quiet],
          [2001, cold],
        ],
        1,
        zero,
      ),
    ).toEqual([1, 1, 0, 0, 1]);
  });

  it('keeps an instance where the minimum is one', () => {
    expect(
      played(rule, of80, [
        [0, quiet],
        [5000, quiet],
      ]),
    ).toEqual([1, 1]);
  });
});

describe('App Service: CPU, one at a time', () => {
  const rule = appService.autoscaling.value;
  const at70 = { concurrency: null, cpuPercent: 70 };

  it('adds one after five minutes above, and the next only after five more', () => {
    const busy = steady(900, 260);
    expect(
      played(rule, at70, [
        [0, busy],
        [299, busy],
        [300, busy],
        [301, busy],
        [599, busy],
        [601, busy],
      ]),
    ).toEqual([1, 1, 2, 2, 2, 3]);
  });

  it('forgets that it was busy when it was not for a moment', () => {
    const busy = steady(9, 100);
    expect(
      played(rule, at70, [
        [0, busy],
        [200, steady(9, 60)],
        [300, busy],
        [599, busy],
        [600, busy],
      ]),
    ).toEqual([1, 1, 1, 1, 2]);
  });

  it('takes one away after ten minutes below', () => {
    const idle = steady(0, 5);
    expect(
      played(
        rule,
        at70,
        [
          [0, idle],
          [599, idle],
          [600, idle],
          [601, idle],
          [1201, idle],
        ],
        3,
      ),
    ).toEqual([3, 3, 2, 2, 1]);
  });

  it('does not look at requests', () => {
    expect(
      played(rule, at70, [
        [0, { requests: 999, requestsNow: 999, waitingNow: 99, cpuPercent: 1 }],
        [9999, quiet],
      ]),
    ).toEqual([1, 1]);
  });
});

describe('CPU time', () => {
  it('reads /proc and both forms of ps', () => {
    expect(secondsOfStat('7 (a (b) c) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0 9 9')).toBe(2);
    expect([secondsOfPs('1:02.50'), secondsOfPs('01:00:02'), secondsOfPs('1-00:00:01')]).toEqual([62.5, 3602, 86_401]);
  });

  it('tells of processes that are there, and only of them', async () => {
    const seconds = await cpuSeconds([process.pid, 2 ** 22 + 1]);
    expect([...seconds.keys()]).toEqual([process.pid]);
    expect(seconds.get(process.pid)).toBeGreaterThan(0);
  });
});
