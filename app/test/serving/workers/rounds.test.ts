import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rounds } from '../../../serving/workers/rounds.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a round', () => {
  type Told = readonly [process: number, word: 'yes' | 'no' | 'ends'];
  it.each<[string, Told[], number]>([
    [
      'all say yes',
      [
        [1, 'yes'],
        [2, 'yes'],
        [3, 'yes'],
      ],
      0,
    ],
    [
      'one says no',
      [
        [1, 'yes'],
        [2, 'no'],
        [3, 'yes'],
      ],
      1,
    ],
    [
      'one ends',
      [
        [1, 'yes'],
        [2, 'ends'],
        [3, 'yes'],
      ],
      0,
    ],
    [
      'one says yes and ends',
      [
        [1, 'yes'],
        [1, 'ends'],
        [2, 'yes'],
        [3, 'no'],
      ],
      1,
    ],
  ])('%s', async (_name, told, missing) => {
    const rounds = new Rounds();
    let round = 0;
    const asked = rounds.ask([1, 2, 3], 1000, (id) => {
      round = id;
    });
    for (const [process, word] of told) {
      if (word === 'ends') rounds.ended(process);
      else rounds.answered(round, process, word === 'yes');
    }
    expect(await asked).toBe(missing);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is over when its time is, and misses who said nothing', async () => {
    const rounds = new Rounds();
    let round = 0;
    const asked = rounds.ask([1, 2, 3], 1000, (id) => {
      round = id;
    });
    rounds.answered(round, 1);
    // Of no round, and of a process that was not asked.
    rounds.answered(round + 1, 2);
    rounds.answered(round, 4);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await asked).toBe(2);
    rounds.answered(round, 2);
  });

  it('of nobody is over at once', async () => {
    expect(await new Rounds().ask([], 1000, () => expect.unreachable())).toBe(0);
  });
});
