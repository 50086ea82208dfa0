import { describe, expect, it } from 'vitest';
import { differenceOf, scaleOf } from '../../model/golden.ts';
import { regression } from '../engines/networks.ts';

describe('golden answers', () => {
  it.each([
    ['the same', 5, 5, 1, true],
    ['near one', 0.5, 0.5 + 0.9e-6, 1, true],
    ['too far from it', 0.5, 0.5 + 1.1e-6, 1, false],
    ['as many digits of a large answer', 2e5, 2e5 + 0.19, 1, true],
    ['fewer digits of it', 2e5, 2e5 + 0.21, 1, false],
    ['near zero, where answers are ten thousand apart', -3, -3 + 0.009, 1e4, true],
    ['too far from that', -3, -3 + 0.011, 1e4, false],
    ['no closer than ever where answers are close together', 0.5, 0.5 + 0.9e-6, 1e-3, true],
    ['no number', 0.5, Number.NaN, 1e4, false],
    ['no end', 0.5, Number.POSITIVE_INFINITY, 1e4, false],
  ])('%s', (_what, expected, found, scale, agrees) => {
    const difference = differenceOf({ value: expected }, { value: found }, 1e-6, scale);
    expect(difference === undefined).toBe(agrees);
    if (!agrees) expect(difference).toMatch(/^`value`: expected .*, found /);
  });

  it('are no longer or shorter, and their words are the same', () => {
    expect(differenceOf({ label: 'a', p_a: 1 }, { label: 'b', p_a: 1 }, 1e-6, 1)).toBe(
      '`label`: expected "a", found "b"',
    );
    expect(differenceOf({ p_a: 1 }, { p_a: 1, p_b: 0 }, 1e-6, 1)).toMatch(/^`p_b`/);
  });

  it('are compared in the scale of a regression, and of a classification as they are', () => {
    const { model } = regression([2, 1], 250, 1);
    expect(scaleOf(model)).toBe(250);
    expect(scaleOf({ ...model, task: 'classification', classes: [] })).toBe(1);
  });
});
