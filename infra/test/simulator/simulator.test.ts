// The simulator itself: one seed is one history, and the code as it stands breaks no rule in some hundreds of them.
import { describe, expect, it } from 'vitest';
import { runMany } from '../../simulator/many.ts';
import { runSchedule } from '../../simulator/run.ts';

async function traceOf(seed: number): Promise<string> {
  const lines: string[] = [];
  const result = await runSchedule(seed, { trace: (line) => lines.push(line) });
  return [...lines, JSON.stringify(result)].join('\n');
}

describe('the simulator', () => {
  it('plays the same seed to the byte, whatever was played before it', async () => {
    const alone = await traceOf(7);
    await runSchedule(8);
    expect(await traceOf(7)).toBe(alone);
    expect(alone.split('\n').length).toBeGreaterThan(50);
  });

  it('plays another seed otherwise', async () => {
    expect(await traceOf(7)).not.toBe(await traceOf(8));
  });

  it('finds nothing wrong with delivery as it is', async () => {
    const tally = await runMany({ from: 1, count: 300, workers: 1, enough: 3 });
    expect(tally.failures).toEqual([]);
    expect(tally.schedules).toBe(300);
  });
});
