import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { factsOnAPage } from '../../page/history.ts';
import { renderSite } from '../../page/site.ts';
import { policyText } from '../delivery/world.ts';
import { Diary, hex, manifest, nowMs, sampleFacts, sampleInput } from './sample-ledger.ts';

const waiting = renderSite(sampleInput());
const trouble = renderSite(sampleInput(sampleFacts('trouble')));
const pageOf = (site: ReadonlyMap<string, string>, start: string) => {
  const found = [...site].find(([name]) => name.startsWith(start));
  if (found === undefined) throw new Error(`no page ${start}`);
  return words(found[1]);
};

/** What a reader sees: no markup, blanks as one. */
function words(page: string): string {
  const body = page.slice(page.indexOf('<body>'));
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
    .replace(/\s+/g, ' ');
}

describe('the first page', () => {
  const text = pageOf(waiting, 'index.html');

  it.each([
    ['for whom', 'rel-42 -8b1750ce428c waits for a release approver other than its authors and dana, who asked'],
    ['where and since when', 'on aws-prod, gcp-prod and azure-prod, since 21 Nov 2026, 10:05 UTC'],
    ['why it may', 'aws-dev: ✓ passed , 4 of 4 checks, 21 Nov 2026, 08:55 UTC'],
    [
      'what is lost, before any plan is opened',
      'azure-prod loses something: plan (azure-native:web:AppServicePlan) is replaced',
    ],
    ['what changes', '3 stacks change: 3 updated, 1 replaced, 0 deleted'],
    ['what the model would say', '14 of 1,200 labels flip (1.2 %)'],
    ['the command', 'npx trireme approve prm-42a0c1d2e3'],
    ['the next command', 'npx trireme promote --promotion prm-42a0c1d2e3'],
  ])('says what waits: %s', (_what, sentence) => {
    expect(text).toContain(sentence);
  });

  it.each([
    ['a state', '× failed'.replace('×', '✕')],
    ['checks that did not pass', '3/4 checks'],
    ['who approved', 'by rita'],
    ['how well it goes', 'Change-fail rate 25 % 1 of 4 changes'],
    ['a hold', 'held'],
    ['the way back', 'npx trireme rollback --environment prod --to rel-36-'],
    ['what does not go back', 'recorded predictions and feedback'],
    ['how far the chain holds', 'chain intact to 149'],
    ['when it was made', 'As of 21 Nov 2026, 10:35 UTC'],
    ['a broken glass', 'rel-40 runs here because olaf broke the glass: the certificate of the price feed'],
  ])('says %s', (_what, sentence) => {
    expect(text).toContain(sentence);
  });

  it('says trouble in the environment it is in', () => {
    const found = pageOf(trouble, 'index.html');
    expect(found).toContain('Split: aws-prod runs rel-42, azure-prod runs rel-40');
    expect(found).toContain('Unknown: gcp-prod is unknown: revert-failed');
    expect(found).toContain('Frozen: prod is frozen by rita until 2026-11-22T08:00:00.000Z');
    expect(found).toContain('Nothing waits for an approval');
  });

  it('says what was done outside of trireme', () => {
    const site = renderSite(
      sampleInput(sampleFacts(), { deployed: { 'gcp-prod': 'rel-7-0123456789ab', 'aws-prod': null } }),
    );
    expect(pageOf(site, 'index.html')).toContain(
      'gcp-prod : the ledger says rel-40-6fc1e3ef3ea5, its own outputs name rel-7-0123456789ab',
    );
  });

  it('names the approvers that policy.yaml names', () => {
    const policy = parsePolicy(
      policyText
        .replace('approvers: []', 'approvers: [rita, olaf]')
        .replaceAll('MayApprove: false', 'MayApprove: true'),
    );
    expect(pageOf(renderSite(sampleInput(sampleFacts(), { policy })), 'index.html')).toContain(
      'waits for rita or olaf on aws-prod',
    );
  });

  it('is a page for an empty ledger too', () => {
    expect(pageOf(renderSite(sampleInput([])), 'index.html')).toContain('No release was made yet.');
  });
});

describe("a release's page", () => {
  const text = pageOf(waiting, 'rel-42-');

  it.each([
    ['its digest', `sha256:${hex('image 42')}`],
    ['its authors', 'Noor Haddad <noor@example.org>'],
    ['its model against the running one', 'accuracy: 0.956 → 0.967 (0.944 to 0.981)'],
    ['what attests it', 'https://slsa.dev/provenance/v1'],
    ['what changed', 'What changed since rel-41'],
    [
      'each check',
      'golden-predictions ✓ passed 16 of 16 within 0.0001 the same 0.4 s https://aws-dev.wine.example.org/predict',
    ],
    ['which labels flip', 'barolo grignolino 9'],
  ])('says %s', (_what, sentence) => {
    expect(text).toContain(sentence);
  });

  it('puts what is replaced before what is updated', () => {
    const azure = text.slice(text.indexOf('azure-prod : rel-40'));
    expect(azure.indexOf('± replace')).toBeGreaterThan(-1);
    expect(azure.indexOf('± replace')).toBeLessThan(azure.indexOf('~ update'));
  });

  it('offers to go back to it where that would be taken', () => {
    expect(pageOf(waiting, 'rel-36-')).toContain('Go back to it');
    expect(pageOf(waiting, 'rel-37-')).not.toContain('Go back to it');
  });
});

describe('every page', () => {
  const facts = hostileFacts();
  const site = renderSite(sampleInput(facts));
  const pages = [...site].filter(([name]) => name.endsWith('.html'));

  it('lets nothing that somebody wrote become markup, a link or a command', () => {
    expect(words(pages.map(([, text]) => text).join(''))).toContain('<img src=x onerror=alert(1)>');
    for (const [, text] of pages) {
      expect(text.match(/<(script|img|style|iframe|object|form)\b[^>]*>/g)).toEqual([
        '<script src="page.js" defer>',
        '<img src="icon.svg" alt="" width="28" height="28">',
      ]);
      expect(text).not.toMatch(/\son\w+\s*=\s*["'][^"']*alert/);
      expect(text).not.toMatch(/href="(?!https:\/\/|http:\/\/|[\w-]+\.(html|css|svg)"|#content")/);
      expect(text).not.toMatch(/\sstyle=/);
    }
  });

  it('links only to pages that are there', () => {
    const linked = new Set(
      [...waiting.values()].flatMap((text) => [...text.matchAll(/href="([\w-]+\.html)"/g)].map(([, file]) => file)),
    );
    expect([...linked].filter((file) => file !== undefined && !waiting.has(file))).toEqual([]);
  });

  it('is the same for the same ledger at the same time', () => {
    expect(renderSite(sampleInput())).toEqual(waiting);
  });
});

describe('a long ledger', () => {
  it('keeps the first page of 100 releases on 6 stacks below 30 kB, compressed', () => {
    const site = renderSite(sampleInput(manyReleases(100)));
    expect(words(site.get('index.html') ?? '').match(/rel-\d+ -/g)?.length).toBeGreaterThan(100);
    expect(gzipSync(site.get('index.html') ?? '').length).toBeLessThan(30_000);
  });

  it('turns the page after 100 releases and 200 facts, and loses none', () => {
    const facts = manyReleases(130);
    const site = renderSite(sampleInput(facts));
    const matrices = ['index.html', 'releases-2.html'].map(
      (name) => site.get(name)?.match(/role="rowheader"/g)?.length,
    );
    expect(matrices).toEqual([100, 30]);
    const history = [...site].filter(([name]) => name.startsWith('history'));
    expect(history).toHaveLength(Math.ceil(facts.length / factsOnAPage));
    const hashes = new Set(
      history.flatMap(([, text]) => [...text.matchAll(/title="([0-9a-f]{64})"/g)].map(([, hash]) => hash)),
    );
    expect(facts.filter(({ chain }) => !hashes.has(chain))).toEqual([]);
  });
});

function manyReleases(count: number): readonly Fact[] {
  const diary = new Diary('2026-08-01T08:00:00Z');
  let before: string | null = null;
  for (let sequence = 1; sequence <= count; sequence++) {
    const made = manifest(sequence);
    const id = releaseIdOf(made);
    diary.go(new Date(nowMs - (count - sequence + 1) * 7_200_000).toISOString()).release(made);
    diary.everywhere('dev', id, before);
    diary.prepare(`prm-${hex(sequence, 10)}`, made, before).approve(`prm-${hex(sequence, 10)}`, made, before);
    diary.end(`prm-${hex(sequence, 10)}`, made, 'started').everywhere('prod', id, before);
    diary.end(`prm-${hex(sequence, 10)}`, made, 'succeeded');
    before = id;
  }
  return diary.facts();
}

/** A commit's author, a reason, a source and an address as somebody ill-meaning would have them. */
function hostileFacts(): readonly Fact[] {
  const bad = '<img src=x onerror=alert(1)>';
  const made = manifest(1, [`"><script>alert(1)</script> <x@example.org>`, bad]);
  const hostile = { ...made, source: { ...made.source, repository: 'javascript:alert(1)' } };
  const id = releaseIdOf(hostile);
  const diary = new Diary('2026-11-20T08:00:00Z').release(hostile);
  diary.deploy('aws-dev', id, null, 'failed', { outcome: 'failed', found: bad, source: 'javascript:alert(1)' }, bad);
  diary.write(bad, { kind: 'hold', release: id, body: { reason: `' onmouseover='alert(1)` } });
  diary.prepare(`prm'"${bad}`, hostile, null);
  diary.write('"><script>', {
    kind: 'freeze',
    environment: 'prod',
    body: { reason: '</p></main><style>*{display:none}</style>' },
  });
  return diary.facts();
}
