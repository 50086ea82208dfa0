import { describe, expect, test } from 'vitest';
import type { NewFact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { freezeOf, holdOn, stopOrder, unheldOfSameImage } from '../../delivery/stop-order.ts';
import { warningsOf } from '../../delivery/warnings.ts';
import { ledgerOf, releaseFact, releaseOf, sampleManifest } from '../ledger/sample-facts.ts';

const who = { actor: { login: 'ada', via: 'local' }, at: '2026-11-21T12:00:00.000Z' } as const;
const freeze = (until?: string, environment: 'dev' | 'prod' = 'prod'): NewFact => ({
  ...who,
  kind: 'freeze',
  environment,
  body: { reason: 'the database moves', ...(until === undefined ? {} : { until }) },
});
const thaw: NewFact = { ...who, kind: 'thaw', environment: 'prod', body: { reason: 'it has moved' } };
const holdOf = (release: string): NewFact => ({
  ...who,
  kind: 'hold',
  release,
  body: { reason: 'it answers nonsense' },
});
const hold = (sequence: number): NewFact => holdOf(releaseOf(sequence));
const unhold: NewFact = { ...who, kind: 'unhold', release: releaseOf(1), body: { reason: 'it does not' } };

const noon = Date.parse('2026-11-21T12:00:00Z');
const window = (from: string, until: string, environment: 'dev' | 'prod' = 'prod') => ({
  environment,
  from,
  until,
  reason: 'Christmas',
});
type Windows = readonly ReturnType<typeof window>[];

const stops: readonly [string, readonly NewFact[], Windows, RegExp | undefined][] = [
  ['nothing', [], [], undefined],
  ['a freeze', [freeze()], [], /^prod is frozen by ada: the database moves$/],
  ['a freeze that lasts', [freeze('2026-11-21T12:00:01Z')], [], /until 2026-11-21T12:00:01Z: the database moves$/],
  ['a freeze that is over at this moment', [freeze('2026-11-21T12:00:00Z')], [], undefined],
  ['a freeze of the other environment', [freeze(undefined, 'dev')], [], undefined],
  ['a freeze that was thawed', [freeze(), thaw], [], undefined],
  ['a freeze after a thaw', [freeze('2026-11-21T11:00:00Z'), thaw, freeze()], [], /frozen by ada/],
  [
    'a window',
    [],
    [window('2026-11-21T12:00:00Z', '2026-11-22T12:00:00Z')],
    /^policy.yaml freezes prod .*: Christmas$/,
  ],
  [
    'a window told in another zone',
    [],
    [window('2026-11-21T12:30:00+01:00', '2026-11-21T13:30:00+01:00')],
    /Christmas/,
  ],
  ['a window that is over at this moment', [], [window('2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z')], undefined],
  ['a window to come', [], [window('2026-11-21T12:00:01Z', '2026-11-22T12:00:00Z')], undefined],
  ['a window of the other environment', [], [window('2026-11-21T11:00:00Z', '2026-11-22T12:00:00Z', 'dev')], undefined],
  ['a window that no thaw lifts', [thaw], [window('2026-11-21T11:00:00Z', '2026-11-22T12:00:00Z')], /Christmas/],
];

test.each(stops)('prod is stopped, or not, by %s', (_, contents, windows, sentence) => {
  const found = stopOrder(ledgerOf(...contents), { freezes: [...windows] }, 'prod', noon);
  if (sentence === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(sentence);
});

describe('a hold', () => {
  const cases: readonly [string, readonly NewFact[], boolean][] = [
    ['is not there', [], false],
    ['holds its release', [hold(1)], true],
    ['holds no other release', [hold(2)], false],
    ['is lifted', [hold(1), unhold], false],
    ['is put back', [hold(1), unhold, { ...hold(1), at: '2026-11-21T13:00:00.000Z' }], true],
  ];
  test.each(cases)('%s', (_, contents, held) => {
    expect(holdOn(ledgerOf(...contents), releaseOf(1)) !== undefined).toBe(held);
  });
});

describe('a hold on a release whose image others have', () => {
  const again = { ...sampleManifest(2), image: sampleManifest(1).image };
  const shared = { ...who, kind: 'release', release: releaseIdOf(again), body: { manifest: again } } as const;
  const made = [releaseFact(1), shared, releaseFact(3)];

  test('holds that release alone, and tells of the others', () => {
    const facts = ledgerOf(...made, hold(1));
    expect(holdOn(facts, shared.release)).toBeUndefined();
    expect(unheldOfSameImage(facts, releaseOf(1))).toEqual([shared.release]);
    expect(warningsOf(facts, { freezes: [] }, noon)).toEqual([
      expect.stringMatching(new RegExp(`it answers nonsense \\(not held, of the same image: ${shared.release}\\)$`)),
    ]);
  });

  test('tells of none that is held as well, and of none with another image', () => {
    expect(unheldOfSameImage(ledgerOf(...made, hold(1), holdOf(shared.release)), releaseOf(1))).toEqual([]);
    expect(unheldOfSameImage(ledgerOf(...made, hold(3)), releaseOf(3))).toEqual([]);
  });
});

test('the freeze in force names who and until when', () => {
  const found = freezeOf(ledgerOf(freeze('2026-12-01T00:00:00Z')), 'prod', noon);
  expect(found).toMatchObject({ actor: { login: 'ada' }, body: { until: '2026-12-01T00:00:00Z' } });
});
