import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../contract/fact.ts';
import type { Ledger } from '../../contract/ports.ts';
import { factPath } from '../../ledger/chain.ts';
import { openLedger } from '../../ledger/git.ts';
import { deploymentFact, releaseFact, releaseOf } from './sample-facts.ts';

const run = promisify(execFile);
let folder: string;
let caches = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-ledger-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(repository = join(folder, 'ledger.git'), cache = join(folder, `cache-${++caches}`)): Promise<Ledger> {
  return openLedger({ repository, cache });
}

/** Someone with push rights and an editor. */
async function tamper(change: (checkout: string) => Promise<unknown>): Promise<void> {
  const checkout = join(folder, `checkout-${++caches}`);
  await run('git', ['clone', '-q', '-b', 'trireme-ledger', join(folder, 'ledger.git'), checkout]);
  await change(checkout);
  const git = ['-C', checkout, '-c', 'user.name=m', '-c', 'user.email=m@example.org'];
  await run('git', [...git, 'add', '-A']);
  await run('git', [...git, 'commit', '-q', '-m', 'tampered']);
  await run('git', [...git, 'push', '-q']);
}

describe('a ledger', () => {
  it('is empty before the first fact, and makes no repository by being read', async () => {
    const ledger = await open();
    expect(await ledger.facts()).toEqual([]);
    expect(await readdir(folder)).not.toContain('ledger.git');
  });

  it('gives back what was appended, in order, to every reader', async () => {
    const writer = await open();
    await writer.append(() => [releaseFact(1)]);
    const appended = await writer.append(() => [
      deploymentFact('gcp-dev', 1, 'updating'),
      deploymentFact('gcp-dev', 1, 'healthy'),
    ]);
    const facts = await (await open()).facts();
    expect(facts.map((fact) => fact.kind)).toEqual(['release', 'deployment', 'deployment']);
    expect(facts.slice(1)).toEqual(appended);
    expect(await writer.facts()).toEqual(facts);
  });

  it('keeps one fact of two that say the same', async () => {
    const ledger = await open();
    const [first] = await ledger.append(() => [releaseFact(1)]);
    const [again] = await (await open()).append(() => [releaseFact(1)]);
    expect(again).toEqual(first);
    expect(await ledger.facts()).toHaveLength(1);
  });

  it('loses nothing to twenty parallel writers, and holds the rule each of them asked for', async () => {
    const writers = await Promise.all(Array.from({ length: 20 }, () => open()));
    let asked = 0;
    const written = await Promise.all(
      writers.map((writer) =>
        writer.append((facts) => {
          asked++;
          return [releaseFact(facts.length + 1)];
        }),
      ),
    );
    const facts = await (await open()).facts();
    expect(releasesIn(facts)).toEqual(Array.from({ length: 20 }, (_, index) => releaseOf(index + 1)));
    expect(new Set(written.flat().map((fact) => fact.id)).size).toBe(20);
    expect(asked).toBeGreaterThan(20);
  });

  it('lets processes share one cache', async () => {
    const cache = join(folder, 'shared');
    const writers = await Promise.all(Array.from({ length: 6 }, () => open(undefined, cache)));
    await Promise.all(writers.map((writer, index) => writer.append(() => [releaseFact(index + 1)])));
    expect(await (await open(undefined, cache)).facts()).toHaveLength(6);
  });

  it('asks the rule again when another writer was first', async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    await (await open()).append(() => [releaseFact(2)]);
    const repository = join(folder, 'ledger.git');
    const branch = join(repository, 'refs', 'heads', 'trireme-ledger');
    const rivals = await readFile(branch);
    const { stdout } = await run('git', ['-C', repository, 'rev-parse', 'trireme-ledger~1']);
    await writeFile(branch, stdout);
    const seen: number[] = [];
    await (await open()).append((facts) => {
      // `decide` can't wait: the rival's commit, made before, arrives between reading and writing.
      if (seen.push(facts.length) === 1) writeFileSync(branch, rivals);
      return releasesIn(facts).includes(releaseOf(2)) ? [releaseFact(4)] : [releaseFact(3)];
    });
    expect(seen).toEqual([1, 2]);
    expect(releasesIn(await ledger.facts())).toEqual([1, 2, 4].map(releaseOf));
  });

  it('passes on what the rule throws, and writes nothing', async () => {
    const ledger = await open();
    await expect(
      ledger.append(() => {
        throw new Error('not allowed');
      }),
    ).rejects.toThrow('not allowed');
    expect(await ledger.facts()).toEqual([]);
    await ledger.append(() => [releaseFact(1)]);
    expect(await ledger.facts()).toHaveLength(1);
  });

  it('lies on a branch of an ordinary repository without touching its files', async () => {
    const checkout = join(folder, 'project');
    await run('git', ['init', '-q', checkout]);
    const ledger = await open(checkout);
    await ledger.append(() => [releaseFact(1)]);
    const { stdout } = await run('git', ['-C', checkout, 'log', '--format=%s', 'trireme-ledger']);
    expect(stdout.trim()).toBe(`trireme: release ${releaseOf(1)}`);
    expect(await readdir(checkout)).toEqual(['.git']);
  });

  it('lies in a remote named by URL', async () => {
    await run('git', ['init', '-q', '--bare', join(folder, 'remote.git')]);
    const url = `file://${join(folder, 'remote.git')}`;
    await (await open(url)).append(() => [releaseFact(1)]);
    expect(await (await open(url)).facts()).toHaveLength(1);
  });
});

describe('a ledger that was tampered with', () => {
  let last: string;
  beforeEach(async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    await ledger.append(() => [deploymentFact('gcp-dev', 1, 'updating')]);
    const [healthy] = await ledger.append(() => [deploymentFact('gcp-dev', 1, 'healthy')]);
    last = healthy?.id ?? '';
  });

  async function nthFact(index: number): Promise<string> {
    return (await (await open()).facts())[index]?.id ?? '';
  }

  it.each([
    ['a word', '"healthy"', '"skipped"'],
    ['the chain', '"chain":"', '"chain":"0'],
    ['the id', '"id":"', '"id":"0'],
    ['the link', '"previous":"', '"previous":"0'],
    ['the schema', 'trireme.fact/1', 'trireme.fact/2'],
    ['a space', '"kind":', '"kind": '],
    ['a quote', '"kind"', '"kind'],
  ])('is refused with the fact named when %s was edited', async (_name, from, to) => {
    await tamper(async (checkout) => {
      const file = join(checkout, factPath(last));
      const text = await readFile(file, 'utf8');
      expect(text).toContain(from);
      await writeFile(file, text.replace(from, to));
    });
    await expect((await open()).facts()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining(last),
    });
  });

  it.each([
    ['first', 0],
    ['middle', 1],
    ['last', 2],
  ])('is refused when the %s fact was removed', async (_name, index) => {
    const id = await nthFact(index);
    await tamper((checkout) => rm(join(checkout, factPath(id))));
    await expect((await open()).facts()).rejects.toMatchObject({ code: 'ledger-corrupt' });
  });

  it('is refused by whoever saw it before its history was cut', async () => {
    const cache = join(folder, 'witness');
    await (await open(undefined, cache)).facts();
    const repository = join(folder, 'ledger.git');
    await run('git', ['-C', repository, 'update-ref', 'refs/heads/trireme-ledger', 'refs/heads/trireme-ledger~1']);
    await expect((await open(undefined, cache)).facts()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining(last),
    });
  });

  it('is refused by whoever saw it before it was removed', async () => {
    const cache = join(folder, 'witness');
    await (await open(undefined, cache)).facts();
    await rm(join(folder, 'ledger.git'), { recursive: true });
    await expect((await open(undefined, cache)).append(() => [releaseFact(9)])).rejects.toMatchObject({
      code: 'ledger-corrupt',
    });
  });

  it('is not written to', async () => {
    await tamper((checkout) => rm(join(checkout, factPath(last))));
    await expect((await open()).append(() => [releaseFact(2)])).rejects.toMatchObject({ code: 'ledger-corrupt' });
  });
});

describe('the machine', () => {
  it('without room for the ledger is told apart from a broken ledger', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const ledger = await open(join(file, 'ledger.git'));
    await expect(ledger.append(() => [releaseFact(1)])).rejects.toMatchObject({ code: 'state-unwritable' });
  });

  it('whose remote is not there says so', async () => {
    const ledger = await open(`file://${join(folder, 'nowhere.git')}`);
    await expect(ledger.facts()).rejects.toMatchObject({ code: 'errored' });
  });

  it('keeps the ledger whole when an append is killed between commit and push', async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    // A hook that refuses stands for the process that died: the commit exists in the cache and nowhere else.
    const hooks = join(folder, 'ledger.git', 'hooks');
    await mkdir(hooks, { recursive: true });
    await writeFile(join(hooks, 'pre-receive'), '#!/bin/sh\nexit 1\n');
    await chmod(join(hooks, 'pre-receive'), 0o755);
    await expect(ledger.append(() => [releaseFact(2)])).rejects.toMatchObject({ code: 'errored' });
    await rm(hooks, { recursive: true });
    expect(await ledger.facts()).toHaveLength(1);
    await ledger.append(() => [releaseFact(2)]);
    expect(await ledger.facts()).toHaveLength(2);
  });

  it('keeps one fact when the acknowledgement of an append is lost', async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    // The remote takes the commit and breaks off before it says so.
    const hooks = join(folder, 'ledger.git', 'hooks');
    await mkdir(hooks, { recursive: true });
    await writeFile(join(hooks, 'reference-transaction'), '#!/bin/sh\n[ "$1" = committed ] && kill -9 $PPID\nexit 0\n');
    await chmod(join(hooks, 'reference-transaction'), 0o755);
    let asked = 0;
    await ledger.append((facts) => {
      asked++;
      return [releaseFact(facts.length + 1)];
    });
    expect(asked).toBe(1);
    expect(releasesIn(await (await open()).facts())).toEqual([releaseOf(1), releaseOf(2)]);
  });
});

function releasesIn(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => ('release' in fact ? [fact.release] : []));
}
