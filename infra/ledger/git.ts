// The ledger on a git branch: facts are files, an append is one commit pushed by compare-and-swap, and readers verify what they read.
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../contract/errors.ts';
import { type Fact, factId } from '../contract/fact.ts';
import type { Clock, Ledger } from '../contract/ports.ts';
import { chainOn, corrupt, factPath, factText, headPath, headText, orderFacts, parseFact } from './chain.ts';
import { git, reasonLine, runGit } from './git-command.ts';

export interface LedgerOptions {
  /** A folder (a bare repository is made there by the first append) or any remote that git can push to. */
  readonly repository: string;
  readonly branch?: string;
  /** A folder of our own, made when missing: what was read is kept there, so that the next read fetches only what is new. */
  readonly cache: string;
  readonly clock?: Clock;
}

/** Reads and appends through `cache`; the branch in `repository` is the only truth. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { repository, cache, branch = 'trireme-ledger' } = options;
  const clock = options.clock ?? systemClock;
  const ref = `refs/heads/${branch}`;
  const seen = `refs/trireme/seen/${branch}`;
  const inCache = [`--git-dir=${cache}`];
  const parsed = new Map<string, Fact>();
  let known: Snapshot = { head: undefined, facts: [] };
  let turn: Promise<unknown> = Promise.resolve();

  async function read(): Promise<Snapshot> {
    await makeRepository(cache);
    for (let attempt = 0; ; attempt++) {
      const head = await remoteHead();
      if (head === undefined) {
        const before = await seenHead();
        if (before === undefined) return known;
        // Another process may have made the branch since we asked; if not, it was there and is gone.
        if ((await remoteHead()) === undefined) throw truncated((await readFacts(before)).at(-1)?.id);
        continue;
      }
      if (head === known.head) return known;
      const complete = await fetchHead(head);
      if (complete) {
        // Believed first, remembered then: an edited branch that is restored must not look like one that lost its facts.
        const facts = await readFacts(head);
        await refuseRewritten(head);
        known = { head, facts };
        return known;
      }
      // The branch moved between the two questions, or another process was writing to the cache.
      if (attempt >= 5) throw new DeliveryError('errored', `could not fetch ${head} of ${branch} from ${repository}`);
      await clock.sleep(20 + Math.random() * 60);
    }
  }

  async function remoteHead(): Promise<string | undefined> {
    if (isFolder(repository) && !(await exists(repository))) return undefined;
    const result = await runGit(['ls-remote', repository, ref]);
    if (result.code !== 0) throw unreachable(repository, result.stderr);
    return /^([0-9a-f]{40,64})\t/.exec(result.stdout.toString())?.[1];
  }

  async function fetchHead(head: string): Promise<boolean> {
    if (await has(head)) return true;
    const result = await runGit([
      ...inCache,
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      repository,
      ref,
    ]);
    return result.code === 0 && (await has(head));
  }

  async function has(head: string): Promise<boolean> {
    return (await runGit([...inCache, 'cat-file', '-e', `${head}^{tree}`])).code === 0;
  }

  async function seenHead(): Promise<string | undefined> {
    const answer = await runGit([...inCache, 'rev-parse', '--quiet', '--verify', seen]);
    return answer.code === 0 ? answer.stdout.toString().trim() : undefined;
  }

  /** A branch that lost commits that this cache has seen was truncated or rewritten, however well its chain holds. */
  async function refuseRewritten(head: string): Promise<void> {
    const before = await seenHead();
    if (before === head) return;
    if (before !== undefined) {
      if (!(await leadsTo(head, before))) {
        // Another process may have read something newer in the meantime: that is no rewriting.
        const overtaken = (await leadsTo(before, head)) && (await remoteHead()) !== head;
        if (!overtaken) throw truncated((await readFacts(before)).at(-1)?.id);
        return;
      }
    }
    await runGit([...inCache, 'update-ref', seen, head]);
  }

  async function readFacts(head: string): Promise<Fact[]> {
    const listing = await git([...inCache, 'ls-tree', '-r', '-z', '--full-tree', head]);
    const entries = listing
      .toString()
      .split('\0')
      .flatMap((line) => {
        const match = /^\d+ blob ([0-9a-f]+)\t(.*)$/.exec(line);
        return match?.[1] === undefined || match[2] === undefined ? [] : [{ blob: match[1], path: match[2] }];
      });
    const headEntry = entries.find((entry) => entry.path === headPath);
    const factEntries = entries.filter((entry) => entry.path.startsWith('facts/'));
    const wanted = factEntries.filter((entry) => !parsed.has(`${entry.blob} ${entry.path}`));
    const texts = await readBlobs(headEntry === undefined ? wanted : [...wanted, headEntry]);
    for (const entry of wanted) {
      parsed.set(`${entry.blob} ${entry.path}`, parseFact(entry.path, texts.get(entry.blob) ?? ''));
    }
    const facts = factEntries.flatMap((entry) => parsed.get(`${entry.blob} ${entry.path}`) ?? []);
    return orderFacts(facts, headEntry === undefined ? undefined : texts.get(headEntry.blob));
  }

  async function readBlobs(entries: readonly { blob: string; path: string }[]): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    if (entries.length === 0) return texts;
    const input = entries.map((entry) => `${entry.blob}\n`).join('');
    const { stdout, code } = await runGit([...inCache, 'cat-file', '--batch', '--buffer'], input);
    let offset = 0;
    for (const entry of entries) {
      const end = stdout.indexOf(10, offset);
      const size = /^[0-9a-f]+ blob (\d+)$/.exec(stdout.subarray(offset, end).toString())?.[1];
      if (end < 0 || size === undefined) throw corrupt(entry.path, `git cannot read it (exit ${code})`);
      texts.set(entry.blob, stdout.subarray(end + 1, end + 1 + Number(size)).toString());
      offset = end + 1 + Number(size) + 1;
    }
    return texts;
  }

  /** One commit with the facts in it, in the cache only; nothing points to it but a name of its own. */
  async function commit(snapshot: Snapshot, added: readonly Fact[]): Promise<{ commit: string; temporary: string }> {
    const append = randomUUID();
    const temporary = `refs/trireme/append/${append}`;
    // Two writers may say the same thing in the same second; their commits are two all the same.
    const message = `${added.map(summary).join('\n')}\n\nAppend: ${append}`;
    const files = [
      ...added.map((fact) => ({ path: factPath(fact.id), text: factText(fact) })),
      { path: headPath, text: headText([...snapshot.facts, ...added]) },
    ];
    const stream = [
      `commit ${temporary}\nmark :1\n`,
      `committer trireme <trireme@localhost> ${Math.floor(clock.now() / 1000)} +0000\n${data(message)}`,
      snapshot.head === undefined ? '' : `from ${snapshot.head}\n`,
      ...files.map((file) => `M 100644 inline ${file.path}\n${data(file.text)}`),
      '\nget-mark :1\ndone\n',
    ].join('');
    const output = await git([...inCache, 'fast-import', '--quiet', '--done', '--date-format=raw-permissive'], stream);
    return { commit: output.toString().trim(), temporary };
  }

  async function push(expected: string | undefined, made: { commit: string; temporary: string }): Promise<boolean> {
    const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
    try {
      const pushed = await runGit([...inCache, 'push', '--quiet', lease, repository, `${made.commit}:${ref}`]);
      if (pushed.code !== 0 && !lostTheRace.test(pushed.stderr)) throw unreachable(repository, pushed.stderr);
      const remember = pushed.code === 0 ? `update ${seen} ${made.commit}\n` : '';
      await runGit([...inCache, 'update-ref', '--stdin'], `${remember}delete ${made.temporary}\n`);
      return pushed.code === 0;
    } catch (cause) {
      await runGit([...inCache, 'update-ref', '-d', made.temporary]).catch(() => {});
      throw cause;
    }
  }

  async function appendInTurn(decide: Parameters<Ledger['append']>[0]): Promise<readonly Fact[]> {
    if (isFolder(repository)) await makeRepository(repository);
    let offered: { readonly commit: string; readonly ids: readonly string[] } | undefined;
    let refusals = 0;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (attempt > 0) await clock.sleep(Math.random() * Math.min(1_000, 25 * 2 ** attempt));
      const snapshot = await read();
      // The last try may have arrived although its acknowledgement did not.
      if (offered !== undefined && (await leadsTo(snapshot.head, offered.commit))) return named(snapshot, offered.ids);
      const wanted = decide(snapshot.facts);
      const ids = wanted.map((content) => factId(content));
      const added = chainOn(snapshot.facts, wanted);
      if (added.length === 0) return named(snapshot, ids);
      const made = await commit(snapshot, added);
      offered = { commit: made.commit, ids };
      const accepted = await push(snapshot.head, made).catch((cause: unknown) => {
        if (!(cause instanceof DeliveryError) || cause.code !== 'errored') throw cause;
        // Not a race: the remote was gone for a moment, or it refuses for good.
        if (++refusals >= 4) throw cause;
        return false;
      });
      if (accepted) {
        known = { head: made.commit, facts: [...snapshot.facts, ...added] };
        return named(known, ids);
      }
    }
    throw new DeliveryError('errored', `could not append to ${branch} in ${repository} in ${maxAttempts} tries`, {
      hint: 'other writers were always first: run the command again',
    });
  }

  async function leadsTo(head: string | undefined, ancestor: string): Promise<boolean> {
    if (head === undefined) return false;
    return (await runGit([...inCache, 'merge-base', '--is-ancestor', ancestor, head])).code === 0;
  }

  return {
    location: `${repository} (branch ${branch})`,
    facts: () => inTurn(async () => (await read()).facts),
    append: (decide) => inTurn(() => appendInTurn(decide)),
  };

  /** One at a time in this process: a process need not race itself. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }
}

interface Snapshot {
  readonly head: string | undefined;
  readonly facts: readonly Fact[];
}

function named(snapshot: Snapshot, ids: readonly string[]): readonly Fact[] {
  const standing = new Map(snapshot.facts.map((fact) => [fact.id, fact]));
  return ids.flatMap((id) => standing.get(id) ?? []);
}

const maxAttempts = 60;
const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
};
/** What git says when another writer was first: at the lease, at the ref's lock, or at the remote's own check. */
const lostTheRace = /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|reference already/i;

/** Made beside its place and renamed into it, so that two processes may be first at once and neither sees half of it. */
async function makeRepository(folder: string): Promise<void> {
  if (await exists(folder)) return;
  const temporary = `${folder}.${randomUUID()}`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await git(['init', '--quiet', '--bare', '--template=', temporary]);
    await rename(temporary, folder);
  } catch (cause) {
    if (await exists(folder)) return;
    if (cause instanceof DeliveryError) throw cause;
    throw new DeliveryError('state-unwritable', `expected to write to ${folder}; found: ${String(cause)}`, {
      hint: 'free some space, or give this user the right to write there',
      cause,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isFolder(repository: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\/|^[^/]+:/i.test(repository);
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function summary(fact: Fact): string {
  const where = 'stack' in fact ? fact.stack : 'environment' in fact ? fact.environment : '';
  const state = 'state' in fact.body ? fact.body.state : 'outcome' in fact.body ? fact.body.outcome : '';
  const release = 'release' in fact ? fact.release : '';
  return ['trireme:', fact.kind, release, where, state].filter((word) => word !== '').join(' ');
}

function truncated(last: string | undefined): DeliveryError {
  return corrupt(last ?? 'unknown', 'the branch no longer leads to it: it was truncated, rewritten or removed');
}

function unreachable(repository: string, stderr: string): DeliveryError {
  return new DeliveryError('errored', `could not reach the ledger in ${repository}: ${reasonLine(stderr)}`, {
    hint: 'check that the repository exists and that you may read and push to it',
  });
}
