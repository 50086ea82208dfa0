import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../contract/fact.ts';
import { loadSnapshot, saveSnapshot } from '../../ledger/cache.ts';
import { openLedger } from '../../ledger/git.ts';
import { deploymentFact, ledgerOf, releaseFact, verificationFact } from './sample-facts.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-ledger-cache-'));
  file = join(folder, 'facts.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const facts = ledgerOf(
  releaseFact(1),
  deploymentFact('gcp-dev', 1, 'healthy'),
  verificationFact('gcp-dev', 1, 'passed'),
);
const head = 'c'.repeat(40);

describe('the file of verified facts', () => {
  it('gives back what was saved', async () => {
    await saveSnapshot(file, { head, facts });
    expect(await loadSnapshot(file)).toEqual({ head, facts });
    expect(await readdir(folder)).toEqual(['facts.jsonl']);
  });

  it.each([
    ['a word of a fact was edited', (text: string) => text.replace('"passed"', '"failed"')],
    ['an id was edited', (text: string) => text.replace('"id":"', '"id":"0')],
    ['a link was edited', (text: string) => text.replace(/"previous":"./, '"previous":"z')],
    ['a chain was edited', (text: string) => text.replace(/"chain":"./, '"chain":"z')],
    ['a fact is missing', (text: string) => text.split('\n').toSpliced(2, 1).join('\n')],
    ['the last fact is missing', (text: string) => text.split('\n').toSpliced(3, 1).join('\n')],
    ['two facts changed places', (text: string) => swapped(text.split('\n')).join('\n')],
    ['it was cut', (text: string) => text.slice(0, -10)],
    ['it is of another trireme', (text: string) => text.replace(/"shape":"./, '"shape":"z')],
    ['it is of another format', (text: string) => text.replace('ledger-cache/1', 'ledger-cache/2')],
    ['it is empty', () => ''],
  ])('is ignored when %s', async (_name, change) => {
    await saveSnapshot(file, { head, facts });
    const text = await readFile(file, 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(file, change(text));
    expect(await loadSnapshot(file)).toBeUndefined();
  });

  it('is nobody else’s concern when it can’t be written', async () => {
    await saveSnapshot(join(folder, 'no', 'such', 'folder'), { head, facts });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a ledger with a cache', () => {
  const many = Array.from({ length: 60 }, (_, index) => releaseFact(index + 1));
  const cache = () => join(folder, 'cache');
  const saved = () => join(cache(), 'trireme-facts-trireme-ledger.jsonl');
  const open = (repository = 'ledger.git', own = cache()) =>
    openLedger({ repository: join(folder, repository), cache: own });
  const fresh = async () => (await open('ledger.git', join(folder, 'another-cache'))).facts();

  /** Two processes: one reads all and saves; what comes after is another's. */
  async function readOnce(): Promise<readonly Fact[]> {
    await (await open()).append(() => many);
    return (await open()).facts();
  }

  it('takes from it what it read before, and reads what is new', async () => {
    await readOnce();
    await (await open('ledger.git', join(folder, 'writer'))).append(() => [deploymentFact('gcp-dev', 1, 'healthy')]);
    const text = await readFile(saved(), 'utf8');
    expect(text.split('\n')).toHaveLength(62);
    const read = await (await open()).facts();
    expect(read).toHaveLength(61);
    expect(read).toEqual(await fresh());
  });

  it.each([
    ['damaged', (text: string) => text.replace('"wine"', '"beer"')],
    ['of another ledger', () => undefined],
  ])('reads everything again when it is %s, and mends it', async (_name, change) => {
    const read = await readOnce();
    const text = await readFile(saved(), 'utf8');
    const changed = change(text);
    if (changed !== undefined) await writeFile(saved(), changed);
    else await saveSnapshot(saved(), { head: headIn(text), facts: ledgerOf(...many.slice(1)) });
    expect(await (await open()).facts()).toEqual(read);
    expect(await readFile(saved(), 'utf8')).toBe(text);
  });
});

function headIn(text: string): string {
  return (JSON.parse(text.split('\n')[0] ?? '') as { head: string }).head;
}

function swapped(lines: readonly string[]): readonly string[] {
  const [header = '', first = '', second = '', ...rest] = lines;
  return [header, second, first, ...rest];
}
