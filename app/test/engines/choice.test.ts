import { describe, expect, it } from 'vitest';
import { type Measurement, measuredWords, planOf, planWords } from '../../engines/choice.ts';

/** Microseconds at 1, 8 and 64 rows. */
function measured(times: Readonly<Record<string, readonly number[]>>): Measurement[] {
  return Object.entries(times).flatMap(([engine, all]) =>
    all.map((microseconds, index) => ({ engine, rows: [1, 8, 64][index] ?? 0, microseconds })),
  );
}

describe('the plan of engines', () => {
  it.each([
    ['one engine is quickest everywhere', { a: [1, 4, 20], b: [3, 24, 190] }, 'a'],
    ['the other one is', { a: [3, 24, 190], b: [1, 4, 20] }, 'b'],
    ['another is quicker for many rows', { a: [1, 8, 64], b: [50, 52, 55] }, 'a to 63 rows, b from 64'],
    ['another is quicker from the second number on', { a: [1, 8, 64], b: [5, 5, 6] }, 'a to 7 rows, b from 8'],
    ['three share the work', { a: [1, 9, 90], b: [3, 4, 80], c: [60, 60, 60] }, 'a to 7 rows, b to 63 rows, c from 64'],
    ['a difference that says nothing changes nothing', { a: [1, 10, 100], b: [2, 9.5, 95] }, 'a'],
    ['one that says something does', { a: [1, 10, 100], b: [2, 9.5, 50] }, 'a to 63 rows, b from 64'],
    ['a tie goes to the first', { a: [1, 1, 1], b: [1, 1, 1] }, 'a'],
    ['one alone needs no rival', { a: [7, 7, 7] }, 'a'],
    ['one is back at the end', { a: [1, 20, 30], b: [9, 9, 90] }, 'a to 7 rows, b to 63 rows, a from 64'],
  ] as const)('%s', (_name, times, expected) => {
    expect(planWords(planOf(measured(times)))).toBe(expected);
  });

  it('begins at one row whatever was measured first', () => {
    expect(planOf([{ engine: 'a', rows: 16, microseconds: 1 }])).toEqual([{ fromRows: 1, engine: 'a' }]);
    expect(
      planWords([
        { fromRows: 1, engine: 'a' },
        { fromRows: 2, engine: 'b' },
      ]),
    ).toBe('a to 1 row, b from 2');
  });

  it('needs a measurement', () => {
    expect(() => planOf([])).toThrow(RangeError);
  });

  it('shows what was measured', () => {
    expect(measuredWords(measured({ a: [1, 4.26], b: [3] }))).toBe('a 1 row 1.0 µs, 8 rows 4.3 µs; b 1 row 3.0 µs');
  });
});
