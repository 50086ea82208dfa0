// How long engines take for how many rows, measured beside each other.
import type { Measurement } from './choice.ts';
import type { Engine } from './engine.ts';

/** One record, a page of them, a batch. */
export const measuredRows = [1, 8, 64] as const;

/** What it may cost of the start: a quick engine is measured often within it, a slow one twice. */
const budgetMs = 3;
const fewestRounds = 2;
const mostRounds = 200;

/**
 * The quickest of several rounds, engines in turn: whatever disturbs a measurement makes it longer, and meets all of them.
 * @param now in ms.
 */
export function measure(
  engines: readonly Engine[],
  rowCounts: readonly number[] = measuredRows,
  now: () => number = () => performance.now(),
): Measurement[] {
  const most = Math.max(...rowCounts);
  const tasks = engines.flatMap((engine) => {
    // Any numbers cost the same.
    const inputs = new Float32Array(most * engine.inputWidth).fill(0.5);
    return rowCounts.map((rows) => ({ engine, rows, inputs, ms: Number.POSITIVE_INFINITY }));
  });
  const end = now() + budgetMs;
  for (let round = 0; round < mostRounds && (round < fewestRounds || now() < end); round++) {
    for (const task of tasks) {
      const started = now();
      task.engine.run(task.inputs, task.rows);
      task.ms = Math.min(task.ms, now() - started);
    }
  }
  return tasks.map(({ engine, rows, ms }) => ({ engine: engine.name, rows, microseconds: ms * 1000 }));
}
