import { expect, test } from 'vitest';
import { openBook } from '../../page/book.ts';
import { renderSite } from '../../page/site.ts';
import { nowMs, sampleFacts, sampleInput } from './sample-ledger.ts';

/** The section of the first page that says what waits. */
const waiting = (site: ReadonlyMap<string, string>) =>
  /<section aria-labelledby="waiting">[\s\S]*?<\/section>/.exec(site.get('index.html') ?? '')?.[0] ?? '';
const hours = (count: number) => nowMs + count * 3_600_000;

test('what was prepared too long ago is not offered for an approval that would be refused', () => {
  const site = renderSite(sampleInput(sampleFacts(), { nowMs: hours(72) }));
  const first = waiting(site);
  expect(first).toContain('<em>stale</em>');
  expect(first).toContain('stale since <time datetime="2026-11-24T10:05:07.000Z"');
  expect(first).toContain('npx trireme promote --release rel-42-');
  expect(first).not.toContain('npx trireme approve');
  const [, release] = [...site].find(([name]) => name.startsWith('rel-42-')) ?? [];
  expect(release).toContain('to prod: stale');
});

test('an hour earlier it waits', () => {
  const first = waiting(renderSite(sampleInput(sampleFacts(), { nowMs: hours(71) })));
  expect(first).toContain('npx trireme approve prm-42a0c1d2e3');
  expect(first).not.toContain('<em>stale');
});

test('a lost job is unknown in the table of the page, by the time the page is made', () => {
  const facts = sampleFacts('trouble');
  const cut = facts.slice(
    0,
    facts.findLastIndex((fact) => fact.kind === 'deployment' && fact.body.state === 'updating') + 1,
  );
  const unknown = (atMs: number) =>
    openBook(sampleInput(cut, { nowMs: atMs })).table.environments.flatMap((one) => one.unknown);
  expect(unknown(Date.parse(cut.at(-1)?.at ?? ''))).toEqual([]);
  expect(unknown(hours(24)).join()).toMatch(/prod is unknown/);
});
