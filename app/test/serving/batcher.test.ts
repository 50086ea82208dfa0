import { describe, expect, it } from 'vitest';
import { Batcher, type BatcherOptions } from '../../serving/batcher.ts';

/** Doubles each number; remembers how many rows each run had; its turns are taken by hand. */
function doubling(options: Partial<BatcherOptions> = {}) {
  const runs: number[] = [];
  const turns: (() => void)[] = [];
  const clock = { now: 0 };
  const batcher = new Batcher({
    inputWidth: 2,
    outputWidth: 2,
    blockRows: 4,
    maxQueuedRows: 10,
    now: () => clock.now,
    defer: (flush) => turns.push(flush),
    run(inputs, rows) {
      runs.push(rows);
      if (inputs.subarray(0, rows * 2).includes(666)) throw new Error('poisoned');
      return inputs.slice(0, rows * 2).map((value) => value * 2);
    },
    ...options,
  });
  const allTurns = () => {
    let taken = 0;
    for (; turns.length > 0 && taken < 100; taken++) turns.shift()?.();
    return taken;
  };
  return { batcher, runs, clock, turns, allTurns };
}
const rowsOf = (...values: number[]) => Float32Array.from(values.flatMap((value) => [value, value]));

describe('the batcher', () => {
  it('runs what came in one turn of the event loop as one batch, and gives each its own', async () => {
    const { batcher, runs, turns, allTurns } = doubling();
    const answers = [batcher.submit(rowsOf(1), 1), batcher.submit(rowsOf(2, 3), 2), batcher.submit(rowsOf(4), 1)];
    expect([runs, turns.length]).toEqual([[], 1]);
    allTurns();
    expect(await Promise.all(answers)).toEqual([rowsOf(2), rowsOf(4, 6), rowsOf(8)]);
    expect([runs, batcher.queuedRows]).toEqual([[4], 0]);
  });

  it('counts rows, not requests: a large request is cut, and a small one behind it does not wait for its end', async () => {
    const { batcher, runs, allTurns } = doubling();
    const order: string[] = [];
    const large = batcher.submit(rowsOf(1, 2, 3, 4, 5, 6, 7, 8, 9), 9).finally(() => order.push('large'));
    const small = batcher.submit(rowsOf(10), 1).finally(() => order.push('small'));
    expect(allTurns()).toBe(3);
    expect(await large).toEqual(rowsOf(2, 4, 6, 8, 10, 12, 14, 16, 18));
    expect(await small).toEqual(rowsOf(20));
    expect(order).toEqual(['small', 'large']);
    expect(runs).toEqual([4, 4, 2]);
  });

  it('refuses what would wait behind too many rows, and takes a request larger than the queue when nobody waits', async () => {
    const { batcher, allTurns } = doubling();
    const alone = batcher.submit(new Float32Array(24), 12);
    await expect(batcher.submit(rowsOf(1), 1)).rejects.toMatchObject({ code: 'overloaded' });
    allTurns();
    expect(await alone).toHaveLength(24);
    const after = batcher.submit(rowsOf(1), 1);
    allTurns();
    expect(await after).toEqual(rowsOf(2));
  });

  it('does not compute for who has stopped waiting', async () => {
    const { batcher, clock, runs, allTurns } = doubling();
    const late = batcher.submit(rowsOf(1), 1, 5);
    const patient = batcher.submit(rowsOf(2), 1, 50);
    clock.now = 6;
    allTurns();
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect([await patient, runs, batcher.queuedRows]).toEqual([rowsOf(4), [1], 0]);
  });

  it('runs each request of a failed batch alone: one poisoned request fails nobody else', async () => {
    const { batcher, runs, allTurns } = doubling();
    const [good, poisoned, other] = [
      batcher.submit(rowsOf(1), 1),
      batcher.submit(rowsOf(666), 1),
      batcher.submit(rowsOf(3), 1),
    ];
    allTurns();
    await expect(poisoned).rejects.toThrow('poisoned');
    expect([await good, await other, runs]).toEqual([rowsOf(2), rowsOf(6), [3, 1, 1, 1]]);
  });

  it('computes no further rows of a large request whose first ones failed', async () => {
    const { batcher, runs, allTurns } = doubling();
    const poisoned = batcher.submit(rowsOf(666, 2, 3, 4, 5, 6, 7, 8), 8);
    allTurns();
    await expect(poisoned).rejects.toThrow('poisoned');
    expect([runs, batcher.queuedRows]).toEqual([[4], 0]);
  });
});
