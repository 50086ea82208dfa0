import { describe, expect, it } from 'vitest';
import { grows, type Sample, slopeOf } from '../../../bench/soak/slope.ts';

/** @param noise up and down by as much, in a pattern that repeats nowhere soon. */
const samples = (perHour: number, noise: number): Sample[] =>
  Array.from({ length: 200 }, (_, index) => ({
    seconds: index,
    value: 100 + (perHour * index) / 3600 + noise * Math.sin(index * index),
  }));

describe('a slope', () => {
  it.each([
    [0, 0, false],
    [0, 3, false],
    [-50, 1, false],
    [4, 0, false],
    [6, 0, true],
    [3600, 3, true],
  ])('of %d MiB an hour with a noise of %d grows by more than 5: %s', (perHour, noise, expected) => {
    expect(grows(slopeOf(samples(perHour, noise)), 5)).toBe(expected);
  });

  it('lies in the range it says, which is the wider the noisier it is', () => {
    const [calm, noisy] = [slopeOf(samples(100, 0.1)), slopeOf(samples(100, 5))];
    for (const { low, high } of [calm, noisy]) {
      expect(low).toBeLessThan(100);
      expect(high).toBeGreaterThan(100);
    }
    expect(noisy.high - noisy.low).toBeGreaterThan(calm.high - calm.low);
  });

  it('is not said of too few samples', () => {
    expect(() => slopeOf(samples(0, 0).slice(0, 15))).toThrow('expected at least 4 windows of 5 samples; found 3');
  });
});
