// One endpoint: what each event makes of what is known of it.
import { describe, expect, it } from 'vitest';
import {
  type Circuit,
  costOf,
  disproved,
  type Endpoint,
  isProbeDue,
  isUsable,
  isWell,
  type Settled,
  settled,
  started,
  unknownEndpoint,
} from '../../src/policy/endpoint.ts';

const closed = (failures = 0): Circuit => ({ state: 'closed', failures });
const open = (until: number, openings = 1): Circuit => ({ state: 'open', until, openings });
/** Its probe began when the event's try did. */
const halfOpen = (openings = 1, since = 990): Circuit => ({ state: 'half-open', openings, since });
const endpoint = (fields: Partial<Endpoint> = {}): Endpoint => ({ ...unknownEndpoint, ...fields });
const event = (outcome: Settled['outcome'], fields: Partial<Settled> = {}): Settled => ({
  outcome,
  startedAt: 990,
  at: 1000,
  random: 1,
  ...fields,
});

describe('the circuit', () => {
  it.each<[string, Circuit, Settled['outcome'], Circuit]>([
    ['counts a failure', closed(0), 'failed', closed(1)],
    ['counts a time-out like one', closed(1), 'timed-out', closed(2)],
    ['forgets failures at an answer', closed(2), 'answered', closed(0)],
    ['opens at the third in a row', closed(2), 'failed', open(2000, 1)],
    ['stays open for those that were under way', open(2000, 1), 'failed', open(2000, 1)],
    ['opens for longer when the probe fails', halfOpen(1), 'timed-out', open(3000, 2)],
    ['… up to a limit', halfOpen(9), 'failed', open(31_000, 10)],
    ['closes when the probe is answered', halfOpen(3), 'answered', closed(0)],
    ['lets another probe go when nobody waited for the last', halfOpen(2), 'abandoned', open(1000, 2)],
    ['learns nothing from what was abandoned', closed(2), 'abandoned', closed(2)],
    ['closes when the probe is refused, because it works', halfOpen(3), 'refused', closed(0)],
    ['forgets failures at a refusal', closed(2), 'refused', closed(0)],
    ['learns nothing from one that was turned away', closed(2), 'turned-away', closed(2)],
    ['learns nothing from one that was shed', closed(2), 'shed', closed(2)],
    ['opens for as long again when the probe is turned away', halfOpen(2), 'turned-away', open(3000, 2)],
    ['opens for as long again when the probe is shed', halfOpen(2), 'shed', open(3000, 2)],
    ['waits for its probe when another try fails', halfOpen(2, 995), 'failed', halfOpen(2, 995)],
    ['waits for its probe when another try is abandoned', halfOpen(2, 995), 'abandoned', halfOpen(2, 995)],
    ['closes when another try than the probe is answered', halfOpen(2, 995), 'answered', closed(0)],
  ])('%s', (_what, circuit, outcome, expected) => {
    expect(settled(endpoint({ circuit }), event(outcome)).circuit).toEqual(expected);
  });

  it('opens for half the time at least, so that clients come back one by one', () => {
    const { circuit } = settled(endpoint({ circuit: closed(2) }), event('failed', { random: 0 }));
    expect(circuit).toEqual(open(1500));
  });

  it('is half open while a try probes', () => {
    expect(started(endpoint({ circuit: open(5, 3) }), 10).circuit).toEqual(halfOpen(3, 10));
    expect(started(endpoint({ circuit: closed(2) }), 10).circuit).toEqual(closed(2));
  });

  it('is no longer open for many tries that nothing else could take than for one', () => {
    let one = endpoint({ circuit: open(2000) });
    // Sixteen callers, every 5 ms, until the probe is due; then one probe among them.
    for (let at = 1000; at <= 2000; at += 5) {
      for (let caller = 0; caller < 16; caller++) one = started(one, at + caller / 100);
      for (let caller = 0; caller < 16; caller++)
        one = settled(one, event('failed', { startedAt: at + caller / 100, at: at + 1 }));
    }
    expect(one.circuit).toEqual(open(2001 + 2000, 2));
    expect(one.pending).toEqual([]);
  });

  it('counts a failure for what another endpoint took', () => {
    expect(disproved(endpoint({ circuit: closed(1) }), 1000, 1).circuit).toEqual(closed(2));
    expect(disproved(endpoint({ circuit: closed(2) }), 1000, 1).circuit).toEqual(open(2000));
    expect(disproved(endpoint({ circuit: open(1500) }), 1000, 1).circuit).toEqual(open(1500));
    expect(disproved(endpoint({ fedAt: 1000 }), 1000, 1).failing).toBeCloseTo(0.1, 6);
  });

  it.each<[string, Partial<Endpoint>, { usable: boolean; due: boolean }]>([
    ['closed', {}, { usable: true, due: false }],
    ['closed and paused', { pausedUntil: 1001 }, { usable: false, due: false }],
    ['closed and no longer paused', { pausedUntil: 1000 }, { usable: true, due: false }],
    ['open', { circuit: open(1001) }, { usable: false, due: false }],
    ['open long enough', { circuit: open(1000) }, { usable: false, due: true }],
    ['open long enough, and paused', { circuit: open(1000), pausedUntil: 1001 }, { usable: false, due: false }],
    ['half open', { circuit: halfOpen() }, { usable: false, due: false }],
    ['as busy as it has room', { room: 2.9, pending: [1, 2] }, { usable: false, due: false }],
    ['less busy', { room: 3, pending: [1, 2] }, { usable: true, due: false }],
  ])('%s: who may be asked', (_what, fields, { usable, due }) => {
    expect([isUsable(endpoint(fields), 1000), isProbeDue(endpoint(fields), 1000)]).toEqual([usable, due]);
  });
});

describe('the averages', () => {
  const known = endpoint({ latencyMs: 100, fedAt: 1000, failing: 0.5 });

  it.each<[string, Settled['outcome'], number, number]>([
    ['an answer counts a tenth', 'answered', 200, 110],
    ['a failure says nothing about speed', 'failed', 1, 100],
    ['a refusal says nothing about speed', 'refused', 1, 100],
    ['to be turned away says nothing about speed', 'turned-away', 1, 100],
    ['to be shed says nothing about speed', 'shed', 1, 100],
    ['a time-out took at least that long', 'timed-out', 600, 150],
    ['what was abandoned took at least that long', 'abandoned', 600, 150],
    ['… and nothing when that is less than usual', 'abandoned', 50, 100],
  ])('%s', (_what, outcome, tookMs, expected) => {
    const next = settled(known, event(outcome, { startedAt: 1000 - tookMs, at: 1000 }));
    expect(next.latencyMs).toBeCloseTo(expected, 6);
  });

  it('take the first answer as it is, and nearly so one after a long silence', () => {
    expect(settled(endpoint(), event('answered')).latencyMs).toBe(10);
    expect(settled(endpoint(), event('abandoned')).latencyMs).toBe(10);
    expect(settled(known, event('answered', { startedAt: 300_990, at: 301_000 })).latencyMs).toBeCloseTo(10, 1);
  });

  it('move towards failing and back', () => {
    const failed = settled(endpoint({ fedAt: 1000 }), event('failed'));
    expect(failed.failing).toBeCloseTo(0.1, 6);
    expect(settled(failed, event('answered')).failing).toBeCloseTo(0.09, 6);
    expect(settled(failed, event('abandoned')).failing).toBeCloseTo(0.1, 6);
    expect(settled(failed, event('refused')).failing).toBeCloseTo(0.09, 6);
    expect(settled(failed, event('turned-away')).failing).toBeCloseTo(0.1, 6);
    expect([isWell(failed, 1000), isWell(known, 1000), isWell(known, 61_000)]).toEqual([true, false, true]);
  });

  it('remember what has no outcome yet', () => {
    const busy = started(started(endpoint(), 5), 7);
    expect(busy.pending).toEqual([5, 7]);
    expect(settled(busy, event('answered', { startedAt: 5 })).pending).toEqual([7]);
  });

  it('keep the longest pause', () => {
    const paused = settled(endpoint({ pausedUntil: 5000 }), event('shed', { pauseMs: 2000 }));
    expect(paused.pausedUntil).toBe(5000);
    expect(settled(paused, event('shed', { pauseMs: 9000 }))).toMatchObject({ pausedUntil: 10_000, pauseMs: 9000 });
  });
});

describe('an endpoint that sheds', () => {
  /** So many tries at once, of which all but the first `taken` are shed. */
  function burst(count: number, taken: number): Endpoint {
    let one = endpoint();
    for (let index = 0; index < count; index++) one = started(one, index);
    for (let index = taken; index < count; index++)
      one = settled(one, event('shed', { startedAt: index, pauseMs: 500 }));
    return one;
  }

  it('has room for what it kept, and is not paused', () => {
    expect(burst(120, 40)).toMatchObject({ room: 40, pausedUntil: 0, circuit: closed(0), failing: 0 });
    expect(isUsable(burst(120, 40), 1000)).toBe(false);
  });

  it('is paused for everybody when it kept nothing', () => {
    expect(burst(5, 0)).toMatchObject({ pausedUntil: 1500, pauseMs: 500, room: undefined });
  });

  it('has one more after twenty answers', () => {
    let one = burst(120, 40);
    for (let index = 0; index < 40; index++) one = settled(one, event('answered', { startedAt: index }));
    expect(one.room).toBeCloseTo(42, 6);
    expect(settled(endpoint(), event('answered')).room).toBeUndefined();
  });
});

describe('the cost of a try', () => {
  it.each<[string, Partial<Endpoint>, number, number]>([
    ['nothing where nothing is known', {}, 1000, 0],
    ['the latency', { latencyMs: 80, fedAt: 1000 }, 1000, 80],
    ['less as it ages', { latencyMs: 80, fedAt: 1000 }, 31_000, 80 / Math.E],
    ['the whole latency while someone finds out', { latencyMs: 80, fedAt: 1000, pending: [30_999] }, 31_000, 80],
    ['at least how long the oldest waits', { latencyMs: 80, fedAt: 1000, pending: [200, 990] }, 1000, 800],
    ['failures', { latencyMs: 80, fedAt: 1000, failing: 0.3 }, 1000, 380],
  ])('is %s', (_what, fields, now, expected) => {
    expect(costOf(endpoint(fields), now)).toBeCloseTo(expected, 6);
  });
});
