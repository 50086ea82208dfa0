// A failing schedule made smaller: whatever story and whatever fault it fails without is left out.
import type { Invariant } from './rules.ts';
import { type RunResult, runSchedule } from './run.ts';
import { scheduleOf } from './schedule.ts';

export interface Minimal {
  readonly without: ReadonlySet<number>;
  readonly spared: ReadonlySet<string>;
  readonly result: RunResult;
}

/** Keeps what is needed to break that same invariant. Tries each story and each fault once: a few dozen runs at most. */
export async function minimise(seed: number, invariant: Invariant): Promise<Minimal> {
  let best: Minimal = { without: new Set(), spared: new Set(), result: await runSchedule(seed) };
  const attempt = async (without: ReadonlySet<number>, spared: ReadonlySet<string>) => {
    const result = await runSchedule(seed, { without, spared });
    if (result.violations.some((one) => one.invariant === invariant)) best = { without, spared, result };
  };
  for (const index of scheduleOf(seed).stories.keys()) await attempt(new Set([...best.without, index]), best.spared);
  for (const fault of best.result.struck) await attempt(best.without, new Set([...best.spared, fault]));
  return best;
}
