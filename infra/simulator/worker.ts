// A thread of the simulator: runs one lot of seeds after another.
import { parentPort } from 'node:worker_threads';
import type { Failure, Lot, LotResult } from './many.ts';
import { runSchedule } from './run.ts';

parentPort?.on('message', async ({ from, count }: Lot) => {
  const failures: Failure[] = [];
  let events = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSchedule(seed);
    events += result.events;
    if (result.violations.length > 0) failures.push({ seed, violations: result.violations });
  }
  const result: LotResult = { count, events, failures };
  parentPort?.postMessage(result);
});
