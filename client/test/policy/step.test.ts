// What a call does next, and what it may burden others with.
import { describe, expect, it } from 'vitest';
import { type Endpoint, unknownEndpoint } from '../../src/policy/endpoint.ts';
import { createFleet, type Fleet, nextFleet, slowAnswerMs } from '../../src/policy/fleet.ts';
import { type Call, hedgeAfterMs, hedgeTo, type Limits, nextStep, type Step } from '../../src/policy/step.ts';

const now = 1000;
const well: Endpoint = { ...unknownEndpoint, latencyMs: 10, fedAt: now };
const slow: Endpoint = { ...well, latencyMs: 50 };
const failing: Endpoint = { ...well, failing: 0.5 };
const paused = (until: number, pauseMs = 0): Endpoint => ({ ...well, pausedUntil: until, pauseMs });
const due: Endpoint = { ...well, circuit: { state: 'open', until: now, openings: 1 } };

const call = (fields: Partial<Call> = {}): Call => ({
  deadline: 5000,
  rounds: 0,
  seen: [],
  turnedAway: [],
  holds: [],
  hasRested: false,
  ...fields,
});
const fleet = (endpoints: readonly Endpoint[], fields: Partial<Fleet> = {}): Fleet => ({
  ...createFleet(0),
  endpoints,
  ...fields,
});
const limits: Limits = { retries: 3, tryTimeoutMs: 500, hedge: false };

describe('the next step', () => {
  it.each<[string, Call, Fleet, Step]>([
    ['a first try, at the fastest', call(), fleet([slow, well]), { kind: 'try', endpoint: 1, withinMs: 500 }],
    [
      'a copy to one that may be back',
      call(),
      fleet([due, well]),
      { kind: 'try', endpoint: 1, withinMs: 500, probe: 0 },
    ],
    [
      'another endpoint at once and for free',
      call({ rounds: 1, seen: [1] }),
      fleet([slow, well], { retryTokens: 0 }),
      { kind: 'try', endpoint: 0, withinMs: 500 },
    ],
    ['a rest before the same endpoint again', call({ rounds: 1, seen: [0] }), fleet([well]), { kind: 'wait', ms: 25 }],
    ['a longer one the next time', call({ rounds: 2, seen: [0, 0] }), fleet([well]), { kind: 'wait', ms: 50 }],
    [
      'a retry that is paid, after it',
      call({ rounds: 1, seen: [0], hasRested: true }),
      fleet([well]),
      { kind: 'try', endpoint: 0, withinMs: 500, pays: 'retry' },
    ],
    [
      'a retry that is paid, at another that fails too',
      call({ rounds: 1, seen: [0], hasRested: true }),
      fleet([well, failing]),
      { kind: 'try', endpoint: 1, withinMs: 500, pays: 'retry' },
    ],
    [
      'the end, when the budget is spent',
      call({ rounds: 1, seen: [0] }),
      fleet([well], { retryTokens: 0.9 }),
      { kind: 'give-up', why: 'exhausted' },
    ],
    [
      'a first try whatever the budget',
      call(),
      fleet([failing], { retryTokens: 0 }),
      { kind: 'try', endpoint: 0, withinMs: 500 },
    ],
    [
      'all the time for the last try',
      call({ rounds: 3, seen: [0, 0, 0], hasRested: true }),
      fleet([well]),
      { kind: 'try', endpoint: 0, withinMs: 4000, pays: 'retry' },
    ],
    ['the end after it', call({ rounds: 4, seen: [0, 0, 0, 0] }), fleet([well]), { kind: 'give-up', why: 'exhausted' }],
    [
      'no longer than the deadline',
      call({ deadline: 1100 }),
      fleet([well]),
      { kind: 'try', endpoint: 0, withinMs: 100 },
    ],
    ['the end at the deadline', call({ deadline: 1001 }), fleet([well]), { kind: 'give-up', why: 'deadline' }],
    [
      'waiting for the first that may be asked',
      call(),
      fleet([paused(3000), paused(2000)]),
      { kind: 'wait', ms: 1000 },
    ],
    [
      'coming back spread over as long as the pause was',
      call(),
      fleet([paused(2000, 800)]),
      { kind: 'wait', ms: 1400 },
    ],
    [
      'coming back while half the time is left',
      call({ deadline: 2100 }),
      fleet([paused(2000, 800)]),
      { kind: 'wait', ms: 1025 },
    ],
    [
      'waiting for the budget, when it was told to come back',
      call({ rounds: 1, seen: [0], holds: [{ endpoint: 0, until: now, ms: 500 }], hasRested: true }),
      fleet([well], { retryTokens: 0.9 }),
      { kind: 'wait', ms: 25 },
    ],
    [
      'another endpoint at once when one turned it away',
      call({ rounds: 1, seen: [1], turnedAway: [1] }),
      fleet([slow, well], { retryTokens: 0 }),
      { kind: 'try', endpoint: 0, withinMs: 500 },
    ],
    [
      'the end as a refusal when all turned it away',
      call({ rounds: 2, seen: [0, 1], turnedAway: [0, 1] }),
      fleet([slow, well]),
      { kind: 'give-up', why: 'refused' },
    ],
    [
      'the end as a refusal when all that may be asked did',
      call({ rounds: 4, seen: [0, 1, 2, 3], turnedAway: [0, 1, 2, 3] }),
      fleet([well, well, well, well, well]),
      { kind: 'give-up', why: 'refused' },
    ],
    [
      'no refusal when another failed',
      call({ rounds: 4, seen: [0, 1, 1, 1], turnedAway: [0] }),
      fleet([slow, well]),
      { kind: 'give-up', why: 'exhausted' },
    ],
    ['no waiting beyond the deadline', call(), fleet([paused(9000)]), { kind: 'give-up', why: 'exhausted' }],
    [
      'a short rest when time is short',
      call({ rounds: 1, seen: [0], deadline: 1020 }),
      fleet([well]),
      { kind: 'wait', ms: 10 },
    ],
  ])('%s', (_what, one, endpoints, expected) => {
    expect(nextStep(one, endpoints, limits, now, 0.5)).toEqual(expected);
  });

  it('rests for two seconds at most, and for anything down to nothing', () => {
    const late = call({ rounds: 30, seen: [0], deadline: 1e6 });
    const steps = [0, 1].map((random) => nextStep(late, fleet([well]), { ...limits, retries: 99 }, now, random));
    expect(steps).toEqual([
      { kind: 'wait', ms: 0 },
      { kind: 'wait', ms: 2000 },
    ]);
  });
});

describe('hedging', () => {
  const hedged: Limits = { ...limits, hedge: {} };
  const times = Array.from({ length: 20 }, (_, index) => 20 - index);

  it.each<[string, Limits, Fleet, number | undefined]>([
    ['never, unless asked for', limits, fleet([well, well], { latencies: times }), undefined],
    ['after the given time', { ...limits, hedge: { afterMs: 7 } }, fleet([well, well]), 7],
    ['after the 95th percentile', hedged, fleet([well, well], { latencies: times }), 20],
    ['not while that is a guess', hedged, fleet([well, well], { latencies: times.slice(1) }), undefined],
    ['not with one endpoint', { ...limits, hedge: { afterMs: 7 } }, fleet([well]), undefined],
  ])('%s', (_what, one, endpoints, expected) => {
    expect(hedgeAfterMs(endpoints, one)).toBe(expected);
  });

  it.each<[string, Fleet, Call, number | undefined]>([
    ['to another endpoint', fleet([well, slow], { hedgeTokens: 1 }), call(), 1],
    ['not when the share is used up', fleet([well, slow], { hedgeTokens: 0.99 }), call(), undefined],
    ['not to one that failed this call', fleet([well, slow], { hedgeTokens: 1 }), call({ seen: [1] }), undefined],
    ['not to one that may be back', fleet([well, due], { hedgeTokens: 1 }), call(), undefined],
    ['not to one that is paused', fleet([well, paused(2000)], { hedgeTokens: 1 }), call(), undefined],
  ])('%s', (_what, endpoints, one, expected) => {
    expect(hedgeTo(0, one, endpoints, now, 0)).toBe(expected);
  });
});

describe('the budgets', () => {
  const answered = { kind: 'settled', endpoint: 0, startedAt: 990, at: 1000, outcome: 'answered', random: 0 } as const;

  it('are paid by retries and hedges, and by nothing else', () => {
    const before = fleet([well], { retryTokens: 5, hedgeTokens: 5 });
    const after = (pays?: 'retry' | 'hedge') => {
      const { retryTokens, hedgeTokens } = nextFleet(before, { kind: 'started', endpoint: 0, at: now, pays });
      return [retryTokens, hedgeTokens];
    };
    expect([after(), after('retry'), after('hedge')]).toEqual([
      [5, 5],
      [4, 5],
      [5, 4],
    ]);
  });

  it('hold nothing for a hedge before a call has earned it', () => {
    const hedgeTokens = (share: number) => {
      let one = createFleet(2);
      for (let index = 0; index < 20; index++) one = nextFleet(one, { kind: 'called' }, share);
      return one.hedgeTokens;
    };
    expect([createFleet(2).hedgeTokens, hedgeTokens(0)]).toEqual([0, 0]);
    expect(hedgeTokens(0.05)).toBeCloseTo(1, 6);
  });

  it('take no refusal for an answer whose time means something', () => {
    const one = nextFleet(fleet([well]), { ...answered, outcome: 'refused' });
    expect([one.latencies, one.endpoints[0]?.latencyMs]).toEqual([[], 10]);
  });

  it('let the endpoint alone pay that another one disproved', () => {
    const one = nextFleet(fleet([well, well]), { kind: 'disproved', endpoint: 1, at: now, random: 0 });
    expect(one.endpoints.map(({ failing }) => failing > 0)).toEqual([false, true]);
  });

  it('grow with answers and with calls, to a limit', () => {
    let one = fleet([well], { retryTokens: 99.85, hedgeTokens: 9.9 });
    for (let index = 0; index < 3; index++) one = nextFleet(nextFleet(one, { kind: 'called' }, 0.05), answered);
    expect([one.retryTokens, one.hedgeTokens]).toEqual([100, 10]);
    expect(nextFleet(fleet([well], { retryTokens: 5 }), { ...answered, outcome: 'failed' }).retryTokens).toBe(5);
  });

  it('remember the last answers for the percentile', () => {
    let one = createFleet(1);
    expect(slowAnswerMs(one)).toBeUndefined();
    for (let ms = 1; ms <= 164; ms++) one = nextFleet(one, { ...answered, startedAt: 1000 - ms });
    expect(one.latencies).toHaveLength(64);
    // Of 101 … 164.
    expect(slowAnswerMs(one)).toBe(161);
  });
});
