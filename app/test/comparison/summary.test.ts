import { describe, expect, it } from 'vitest';
import { sliceBy } from '../../comparison/slices.ts';
import { type Compared, summarise } from '../../comparison/summary.ts';

/** Six rows, counted by hand: two flips (rows 3 and 4), of which one is a gain and one a loss. */
const rows = [
  // truth, running, confidence, candidate, confidence, running trained on it, region
  ['a', 'a', 0.9, 'a', 0.8, true, 'north'],
  ['a', 'a', 0.7, 'a', 0.9, false, 'north'],
  ['a', 'b', 0.6, 'a', 0.6, false, 'south'],
  ['b', 'b', 0.8, 'a', 0.5, true, 'south'],
  ['b', 'b', 0.5, 'b', 0.9, false, ''],
  ['b', 'a', 0.5, 'a', 0.7, false, 'north'],
] as const;

const compared: Compared = {
  task: 'classification',
  rows: rows.length,
  running: {
    label: rows.map((row) => row[1]),
    confidence: rows.map((row) => row[2]),
    value: [],
    seen: rows.map((row) => row[5]),
  },
  candidate: {
    label: rows.map((row) => row[3]),
    confidence: rows.map((row) => row[4]),
    value: [],
    seen: rows.map(() => false),
  },
  truth: rows.map((row) => row[0]),
  slices: [
    sliceBy(
      { column: 'region', bins: 4 },
      rows.map((row) => row[6]),
    ),
  ],
};

describe('a comparison', () => {
  it('counts flips, shifts, accuracy and cost, as by hand', () => {
    const cost = { a: { b: 3 }, b: { a: 6 } };
    expect(summarise(compared, ['a', 'b'], cost)).toEqual({
      task: 'classification',
      trainedOn: { running: 2, candidate: 0 },
      // shifts of the four rows that stay: -0.1, 0.2, 0.4, 0.2
      total: {
        name: 'all',
        rows: 6,
        flips: 2,
        confidenceShift: 0.175,
        accuracy: { running: 0.666666667, candidate: 0.666666667 },
      },
      classesBy: 'true label',
      perClass: [
        { name: 'a', rows: 3, flips: 1, confidenceShift: 0.05, accuracy: { running: 0.666666667, candidate: 1 } },
        {
          name: 'b',
          rows: 3,
          flips: 1,
          confidenceShift: 0.3,
          accuracy: { running: 0.666666667, candidate: 0.333333333 },
        },
      ],
      perSlice: [
        {
          name: 'region = north',
          rows: 3,
          flips: 0,
          confidenceShift: 0.1,
          accuracy: { running: 0.666666667, candidate: 0.666666667 },
        },
        { name: 'region = south', rows: 2, flips: 2, confidenceShift: 0, accuracy: { running: 0.5, candidate: 0.5 } },
        { name: 'region: none', rows: 1, flips: 0, confidenceShift: 0.4, accuracy: { running: 1, candidate: 1 } },
      ],
      flips: [{ from: 'b', to: 'a', rows: 2 }],
      // between -0.1 and 0.2 at 0.15 of the way, and so on
      shift: { p5: -0.055, p50: 0.2, p95: 0.37 },
      gained: 1,
      lost: 1,
      // rows 2, 3, 5 and 6
      unseen: { rows: 4, accuracy: { running: 0.5, candidate: 0.75 } },
      // running: one a taken for b, one b for a; candidate: two b for a
      cost: { running: 1500, candidate: 2000 },
    });
  });

  it('of unlabelled rows groups by what the running model says, and judges nothing', () => {
    const { truth: _, ...unlabelled } = compared;
    const summary = summarise(unlabelled, ['a', 'b'], { a: { b: 3 } });
    expect(summary).toMatchObject({ classesBy: 'running', total: { rows: 6, flips: 2 } });
    expect(summary.perClass.map(({ name, rows: count, flips }) => [name, count, flips])).toEqual([
      ['a', 3, 0],
      ['b', 3, 2],
    ]);
    for (const field of ['cost', 'gained', 'lost', 'unseen']) expect(summary).not.toHaveProperty(field);
    expect(summary.total).not.toHaveProperty('accuracy');
  });

  it('says that nobody knows what a model was trained on, and leaves the fair part out', () => {
    const { seen: _, ...running } = compared.running;
    const summary = summarise({ ...compared, running }, ['a', 'b'], undefined);
    expect(summary.trainedOn).toEqual({ running: null, candidate: 0 });
    expect(summary).not.toHaveProperty('unseen');
    expect(summary).not.toHaveProperty('cost');
  });

  it('refuses a cost of a class that there is not, by name', () => {
    expect(() => summarise(compared, ['a', 'b'], { a: { c: 1 } })).toThrow(
      expect.objectContaining({ code: 'problem-invalid', message: 'cost: expected classes, of a, b, found "c"' }),
    );
  });

  it('of a regression says how far answers move, and the error', () => {
    const answers = (value: readonly number[]) => ({ label: ['', ''], confidence: [0, 0], value });
    const summary = summarise(
      {
        task: 'regression',
        rows: 2,
        running: answers([1, 5]),
        candidate: answers([2, 1]),
        truth: ['1', '2'],
        slices: [],
      },
      [],
      undefined,
    );
    // mean of +1 and -4; errors 0 and 3, then 1 and -1
    expect(summary.total.value).toEqual({
      meanChange: -1.5,
      largestChange: 4,
      error: { running: 2.121320344, candidate: 1 },
    });
    expect(summary).toMatchObject({ perClass: [], flips: [], total: { flips: 0 } });
  });
});

describe('slices', () => {
  it('cut numbers into parts of equal size', () => {
    const slice = sliceBy({ column: 'x', bins: 2 }, ['1', '2', '3', '4', '']);
    expect(slice).toEqual({ groups: ['x ≤ 2.5', 'x > 2.5', 'x: none'], groupOfRow: [0, 0, 1, 1, 2] });
  });

  it('take few numbers as they are', () => {
    expect(sliceBy({ column: 'x', bins: 4 }, ['1', '2', '1'])).toEqual({
      groups: ['x = 1', 'x = 2'],
      groupOfRow: [0, 1, 0],
    });
  });

  it('have no empty part where one value fills more than one', () => {
    const { groups, groupOfRow } = sliceBy({ column: 'x', bins: 2 }, ['1', '5', '5', '5', '0']);
    expect(new Set(groupOfRow).size).toBe(groups.length);
  });

  it('put rare words together', () => {
    const words = Array.from({ length: 25 }, (_, index) => `w${String(index).padStart(2, '0')}`);
    const { groups, groupOfRow } = sliceBy({ column: 'x', bins: 4 }, [...words, ...words.slice(0, 19)]);
    expect(groups).toHaveLength(20);
    expect(groups.at(-1)).toBe('x: others');
    expect(groupOfRow.filter((group) => group === 19)).toHaveLength(6);
  });
});
