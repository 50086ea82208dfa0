import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact, NewFact } from '../../contract/fact.ts';
import { chainOn, factPath, factText, headPath, headText } from '../../ledger/chain.ts';
import { type GitLedger, openLedger } from '../../ledger/git.ts';
import { deploymentFact, releaseFact } from './sample-facts.ts';

const run = promisify(execFile);
let folder: string;
let facts: readonly Fact[];

const open = (cache: string): Promise<GitLedger> =>
  openLedger({ repository: join(folder, 'ledger.git'), cache: join(folder, cache) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-verify-'));
  const ledger = await open('witness');
  await ledger.append(() => [releaseFact(1), deploymentFact('gcp-dev', 1, 'updating')]);
  await ledger.append(() => [deploymentFact('gcp-dev', 1, 'healthy'), releaseFact(2)]);
  facts = await ledger.facts();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Someone who may push puts other files in place of the branch's, with or without its history. */
async function replace(
  files: Readonly<Record<string, string>>,
  keepHistory: boolean,
  merge: 'merged with it' | undefined = undefined,
): Promise<void> {
  const work = join(folder, 'work');
  const git = (...words: string[]) =>
    run('git', ['-C', work, '-c', 'user.name=m', '-c', 'user.email=m@example.org', ...words]);
  await run('git', ['clone', '-q', '-b', 'trireme-ledger', join(folder, 'ledger.git'), work]);
  if (!keepHistory) await git('checkout', '-q', '--orphan', 'other');
  await git('rm', '-rqf', '.');
  for (const [path, text] of Object.entries(files)) {
    await run('mkdir', ['-p', join(work, path, '..')]);
    await writeFile(join(work, path), text);
  }
  await git('add', '-A');
  await git('commit', '-q', '-m', 'nothing to see');
  if (merge) await git('merge', '-q', '-s', 'ours', '--allow-unrelated-histories', '-m', 'a merge', 'trireme-ledger');
  await git('push', '-q', '-f', 'origin', 'HEAD:trireme-ledger');
}

function filesOf(some: readonly Fact[]): Record<string, string> {
  return {
    ...Object.fromEntries(some.map((fact) => [factPath(fact.id), factText(fact)])),
    [headPath]: headText(some),
  };
}

function fact(index: number): Fact {
  const found = facts[index];
  if (found === undefined) throw new RangeError(`expected a fact ${index}`);
  return found;
}

/** What the chain says, anew, of contents that somebody arranged. */
function rechained(contents: readonly Fact[]): readonly Fact[] {
  return chainOn(
    [],
    contents.map(({ id: _id, previous: _previous, chain: _chain, schema: _schema, ...content }) => content as NewFact),
  );
}

describe('verifying a ledger', () => {
  it('finds an untouched one whole, whoever asks', async () => {
    expect(await (await open('witness')).verify()).toEqual(facts);
    expect(await (await open('stranger')).verify()).toEqual(facts);
  });

  it('believes no cache', async () => {
    const objects = join(folder, 'witness');
    const ledger = await open('witness');
    await ledger.facts();
    await rm(join(folder, 'ledger.git', 'refs', 'heads', 'trireme-ledger'));
    await expect(ledger.verify()).rejects.toMatchObject({ code: 'ledger-corrupt' });
    expect(await readFile(join(objects, 'HEAD'), 'utf8')).toContain('ref');
  });

  it.each<[string, () => Record<string, string>, number]>([
    [
      'edited',
      () => ({ ...filesOf(facts), [factPath(fact(1).id)]: factText(fact(1)).replace('updating', 'unknown') }),
      1,
    ],
    ['removed', () => filesOf(facts.toSpliced(1, 1)), 2],
    [
      'reordered',
      () => ({ ...filesOf(facts), [factPath(fact(2).id)]: factText({ ...fact(2), previous: fact(0).id }) }),
      2,
    ],
    [
      'inserted',
      () => ({
        ...filesOf(facts),
        ...filesOf(chainOn(facts.slice(0, 1), [releaseFact(9)])),
        [headPath]: headText(facts),
      }),
      -1,
    ],
    ['truncated without a word of it', () => ({ ...filesOf(facts.slice(0, 3)), [headPath]: headText(facts) }), 2],
  ])('finds a fact %s by a stranger to hashes, and names it', async (_name, files, index) => {
    await replace(files(), true);
    const wrong = index < 0 ? '' : fact(index).id;
    await expect((await open('stranger')).verify()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining(wrong),
    });
  });

  const rewritings: [string, () => readonly Fact[], number][] = [
    ['edited', () => rechained(facts.with(1, { ...fact(1), at: '2026-11-21T13:00:00.000Z' })), 1],
    ['removed', () => rechained(facts.toSpliced(1, 1)), 1],
    ['reordered', () => rechained([fact(0), fact(2), fact(1), fact(3)]), 1],
    ['inserted', () => [...facts.slice(0, 1), ...chainOn(facts.slice(0, 1), [releaseFact(9)])], 1],
    ['truncated', () => facts.slice(0, 3), 3],
  ];

  it.each(rewritings)(
    'finds a fact %s with all hashes made anew, where the branch was seen before',
    async (_name, made, index) => {
      await replace(filesOf(made()), false);
      await expect((await open('witness')).verify()).rejects.toMatchObject({
        code: 'ledger-corrupt',
        message: expect.stringContaining(fact(index).id),
      });
    },
  );

  it.each(rewritings)(
    'finds no remembered hash of the end after one was %s, even as a stranger',
    async (_name, made) => {
      const remembered = facts.at(-1)?.chain;
      await replace(filesOf(made()), false);
      const read = await (await open('stranger')).verify();
      expect(read).toEqual(made());
      expect(read.some(({ chain }) => chain === remembered)).toBe(false);
    },
  );

  it('finds facts rewritten on top of the history, with all hashes made anew', async () => {
    await replace(filesOf(rechained(facts.toSpliced(1, 1))), true);
    await expect((await open('witness')).facts()).rejects.toMatchObject({ code: 'ledger-corrupt' });
    await expect((await open('witness')).verify()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining(fact(1).id),
    });
    await expect((await open('stranger')).verify()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining('removed it'),
    });
  });

  it('finds facts left out by a merge of the history with another one, which no rule against force pushes stops', async () => {
    await replace(filesOf(rechained(facts.toSpliced(1, 1))), false, 'merged with it');
    await expect((await open('witness')).facts()).rejects.toMatchObject({ code: 'ledger-corrupt' });
    await expect((await open('stranger')).verify()).rejects.toMatchObject({
      code: 'ledger-corrupt',
      message: expect.stringContaining('removed it'),
    });
  });
});
