import { describe, expect, it } from 'vitest';
import { randomFrom, shuffled } from '../../model/random.ts';
import { evaluateClassifier, evaluateRegressor, wilson } from '../../training/evaluation.ts';
import { split } from '../../training/split.ts';

describe('evaluation', () => {
  // Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("gives Wilson's interval for %i of %i", (hits, rows, low, high) => {
    const found = wilson(Array.from({ length: rows }, (_, index) => index < hits));
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  it('tells accuracy from the recall of each class', () => {
    const { accuracy, ...recall } = evaluateClassifier(['a', 'a', 'b', 'b'], ['a', 'b', 'b', 'b']);
    expect(accuracy?.value).toBe(0.75);
    expect([recall['recall of a']?.value, recall['recall of b']?.value]).toEqual([0.5, 1]);
  });

  it('measures a regression, with an interval that holds the value', () => {
    const expected = Array.from({ length: 30 }, (_, index) => index);
    const found = expected.map((value, index) => value + (index % 2 === 0 ? 1 : -1));
    const { rmse, mae, r2 } = evaluateRegressor(expected, found, randomFrom(1));
    expect([rmse?.value, mae?.value]).toEqual([1, 1]);
    expect(r2?.value).toBeCloseTo(1 - 1 / 74.9167, 4);
    expect(r2?.low).toBeLessThan(r2?.value ?? 0);
    expect(r2?.high).toBeGreaterThan(r2?.value ?? 1);
  });
});

describe('the split', () => {
  const rows = Array.from({ length: 50 }, (_, id) => ({ id, label: id < 10 ? 'rare' : 'common' }));

  it('holds out the same share of every class, each row on one side', () => {
    const { training, heldOut } = split(rows, 0.2, true, randomFrom(3));
    expect(heldOut.filter(({ label }) => label === 'rare')).toHaveLength(2);
    expect(heldOut).toHaveLength(10);
    expect([...training, ...heldOut].map(({ id }) => id).sort((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
  });

  it('is decided by the seed', () => {
    const ids = (seed: number) => split(rows, 0.2, true, randomFrom(seed)).heldOut.map(({ id }) => id);
    expect(ids(3)).toEqual(ids(3));
    expect(ids(3)).not.toEqual(ids(4));
    expect(shuffled([1, 2, 3], randomFrom(1)).sort()).toEqual([1, 2, 3]);
  });

  it('leaves a class of one row to training', () => {
    const { training } = split([...rows, { id: 50, label: 'once' }], 0.2, true, randomFrom(3));
    expect(training.some(({ label }) => label === 'once')).toBe(true);
  });
});
