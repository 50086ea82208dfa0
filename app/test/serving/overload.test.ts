import { describe, expect, it } from 'vitest';
import { nextShare, Overload } from '../../serving/overload.ts';

describe('the share that is refused', () => {
  it.each([
    [0, false, true, 0],
    [0, true, true, 0.25],
    [0.25, true, true, 0.5],
    [0.9, true, true, 0.95],
    [0.5, true, false, 0.25],
    [0.03, false, false, 0],
    [0, false, false, 0],
  ])('after %d (late before: %s, late now: %s) is %d', (share, wasLate, isLate, next) => {
    expect(nextShare(share, wasLate, isLate)).toBe(next);
  });
});

describe('overload', () => {
  it('refuses what is beyond the number in flight, until one leaves', () => {
    const overload = new Overload(2, 0);
    expect([overload.enter(), overload.enter(), overload.enter()]).toEqual([undefined, undefined, 'in-flight']);
    overload.leave();
    expect([overload.enter(), overload.inFlight]).toEqual([undefined, 2]);
  });

  it('refuses a share, evenly spread, when the event loop stays late, and none soon after it is in time', () => {
    const overload = new Overload(1000, 100);
    const refused = () => Array.from({ length: 8 }, () => overload.enter()).filter((reason) => reason === 'event-loop');
    overload.observe(101);
    expect(refused()).toHaveLength(0);
    overload.observe(101);
    expect(refused()).toHaveLength(2);
    for (let window = 0; window < 10; window++) overload.observe(500);
    expect(refused().length).toBeGreaterThanOrEqual(7);
    for (let window = 0; window < 6; window++) overload.observe(5);
    expect(refused()).toHaveLength(0);
  });

  it('sees a blocked event loop by itself', async () => {
    const overload = new Overload(1_000_000, 30);
    overload.start();
    const refuses = () => {
      // Each turn of the loop is busy for longer than is allowed.
      for (const until = performance.now() + 60; performance.now() < until; );
      return Array.from({ length: 4 }, () => overload.enter()).includes('event-loop');
    };
    await expect.poll(refuses, { interval: 1 }).toBe(true);
    overload.stop();
    expect(overload.enter()).toBeUndefined();
  });
});
