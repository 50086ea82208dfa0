// Which endpoint gets a try, by what is known of all of them.
import { describe, expect, it } from 'vitest';
import { type Choice, choose, type Past } from '../../src/policy/choose.ts';
import { type Endpoint, unknownEndpoint } from '../../src/policy/endpoint.ts';

const now = 10_000;
const at = (latencyMs: number, fields: Partial<Endpoint> = {}): Endpoint => ({
  ...unknownEndpoint,
  latencyMs,
  fedAt: now,
  ...fields,
});
const open = (until: number) => ({ circuit: { state: 'open', until, openings: 1 } }) as const;
const halfOpen = { circuit: { state: 'half-open', openings: 1, since: 0 } } as const;
const full = (pending: number) => ({ room: 1, pending: [pending] });
const past = (seen: readonly number[], fields: Partial<Past> = {}): Past => ({
  seen,
  turnedAway: [],
  holds: [],
  ...fields,
});
const hold = (endpoint: number, until: number) => ({ endpoint, until, ms: 7 });

describe('choose', () => {
  it.each<[string, readonly Endpoint[], readonly number[], Choice]>([
    ['the fastest', [at(80), at(10), at(40)], [], { endpoint: 1 }],
    ['the next fastest when that one failed this call', [at(80), at(10), at(40)], [1], { endpoint: 2 }],
    ['one it saw failing rather than none', [at(80)], [0], { endpoint: 0 }],
    ['one that is not known yet', [at(80), unknownEndpoint], [], { endpoint: 1 }],
    [
      'the idler of two that are equally fast',
      [at(11, { pending: [9999, 9999] }), at(10, { pending: [9999] }), at(80)],
      [],
      { endpoint: 1 },
    ],
    ['the slower one rather than one that hangs', [at(80), at(10, { pending: [now - 500] })], [], { endpoint: 0 }],
    [
      'the slower one rather than one that fails one time in three',
      [at(80), at(10, { failing: 0.33 })],
      [],
      { endpoint: 0 },
    ],
    ['none that is open', [at(80), at(10, open(now + 1))], [], { endpoint: 0 }],
    ['none that is being probed', [at(80), at(10, halfOpen)], [], { endpoint: 0 }],
    ['none that is paused', [at(80), at(10, { pausedUntil: now + 1 })], [], { endpoint: 0 }],
    ['a copy for one that may be back', [at(80), at(10, open(now))], [], { endpoint: 0, probe: 1 }],
    ['one that may be back, when no other works', [at(80, open(now + 1)), at(10, open(now))], [], { endpoint: 1 }],
    ['an open one rather than none', [at(80, open(now + 1)), at(10, open(now + 2))], [], { endpoint: 1 }],
    ['another open one than the one that failed', [at(80, open(now + 1)), at(10, open(now + 2))], [1], { endpoint: 0 }],
    [
      'an open one rather than a paused one',
      [at(80, open(now + 1)), at(10, { pausedUntil: now + 9 })],
      [],
      { endpoint: 0 },
    ],
    [
      'the time the first may be asked',
      [at(80, { pausedUntil: now + 9 }), at(10, { pausedUntil: now + 5, pauseMs: 3 })],
      [],
      { waitUntil: now + 5, spreadMs: 3 },
    ],
    ['none that has no room', [at(80), at(10, full(now))], [], { endpoint: 0 }],
    [
      'a moment, when what works has no room',
      [at(80, open(now + 1)), at(10, full(now))],
      [],
      { waitUntil: now, spreadMs: 20 },
    ],
    ['a moment of some length', [at(2, full(now))], [], { waitUntil: now, spreadMs: 10 }],
  ])('%s', (_what, endpoints, seen, expected) => {
    expect(choose(endpoints, past(seen), now, 0)).toEqual(expected);
  });

  it.each<[string, readonly Endpoint[], Past, Choice]>([
    ['not one that turned this call away', [at(80), at(10)], past([1], { turnedAway: [1] }), { endpoint: 0 }],
    [
      'one it saw failing rather than one that turned it away',
      [at(80), at(10)],
      past([0, 1], { turnedAway: [1] }),
      { endpoint: 0 },
    ],
    [
      'nothing, ever, when all did',
      [at(80), at(10)],
      past([0, 1], { turnedAway: [0, 1] }),
      { waitUntil: Number.POSITIVE_INFINITY, spreadMs: 0 },
    ],
    [
      'not one that told this call to wait',
      [at(80), at(10)],
      past([1], { holds: [hold(1, now + 1)] }),
      { endpoint: 0 },
    ],
    ['one that told it to wait until now', [at(80), at(10)], past([], { holds: [hold(1, now)] }), { endpoint: 1 }],
    ['the time it was told', [at(10)], past([0], { holds: [hold(0, now + 5)] }), { waitUntil: now + 5, spreadMs: 7 }],
    [
      'the time all were told, when that is later',
      [at(10, { pausedUntil: now + 9, pauseMs: 3 })],
      past([0], { holds: [hold(0, now + 5)] }),
      { waitUntil: now + 9, spreadMs: 3 },
    ],
  ])('%s', (_what, endpoints, one, expected) => {
    expect(choose(endpoints, one, now, 0)).toEqual(expected);
  });

  it('draws among those that are alike', () => {
    const alike = [unknownEndpoint, unknownEndpoint, unknownEndpoint];
    expect([0, 0.34, 0.99].map((random) => choose(alike, past([]), now, random))).toMatchObject([
      { endpoint: 0 },
      { endpoint: 1 },
      { endpoint: 2 },
    ]);
  });
});
