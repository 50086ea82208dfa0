// The ledger on a git branch: facts are files, an append is one commit by compare-and-swap, and readers verify what they read.

import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { systemClock } from '../contract/clock.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, NewFact } from '../contract/fact.ts';
import type { AppendCommit, Clock, Ledger } from '../contract/ports.ts';
import { endsAs, loadSnapshot, type Snapshot, saveSnapshot } from './cache.ts';
import { corrupt, factPath, factText, headPath, headText, orderFacts, parseFact, placeOn } from './chain.ts';
import { git, runGit } from './git-command.ts';
import { grown, indexOf } from './index-of.ts';
import { addedBetween, type Entry, endAt, entriesOf, readTexts } from './objects.ts';
import { pushCommits } from './push.ts';
import { exists, isFolder, makeRepository, unreachable, withoutLogin } from './repository.ts';

export interface LedgerOptions {
  /** A folder (a bare repository is made there by the first append) or any remote that git can push to. */
  readonly repository: string;
  readonly branch?: string;
  /** A folder of our own, made when missing: what was read is kept there, so that the next read fetches and parses only what is new. */
  readonly cache: string;
  readonly clock?: Clock;
  /** How a commit gets onto the branch; unset: `git push`. */
  readonly commit?: AppendCommit | undefined;
}

/** A ledger whose branch can also be read without believing anything that this machine remembers of it. */
export interface GitLedger extends Ledger {
  /** The whole branch, every byte of it; what was seen here before must still be there. @throws DeliveryError `ledger-corrupt`. */
  verify(): Promise<readonly Fact[]>;
}

export const ledgerBranch = 'trireme-ledger';

/**
 * Reads and appends through `cache`; the branch in `repository` is the only truth. What a read checks:
 * - the first one on a machine, and `verify`: every id, link and chain of every fact, and that the branch ends where it says;
 * - a later one: the same of every fact that is new, that no fact known before was edited or removed (git's own comparison of the two
 *   commits), and the hashes of what is taken from the cache up to what the branch says of its end;
 * - each one: that the branch still leads to the commit which this cache has seen last, with every fact of it;
 * - `verify`: that no commit of the branch ever took a fact away.
 */
export async function openLedger(options: LedgerOptions): Promise<GitLedger> {
  const { repository, cache, branch = ledgerBranch } = options;
  const where = withoutLogin(repository);
  const clock = options.clock ?? systemClock;
  const ref = `refs/heads/${branch}`;
  const seen = `refs/trireme/seen/${branch}`;
  const inCache = [`--git-dir=${cache}`];
  const file = join(cache, `trireme-facts-${encodeURIComponent(branch)}.jsonl`);
  const append = options.commit ?? pushCommits({ cache, repository, ref, seen }, clock.now);
  let known: Snapshot = { head: undefined, facts: [] };
  /** What the file held when this process began; read at most once. */
  let remembered: Promise<Snapshot | undefined> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function read(afresh = false): Promise<Snapshot> {
    await makeRepository(cache);
    if (!afresh) remembered ??= loadSnapshot(file);
    for (let attempt = 0; ; attempt++) {
      const head = await remoteHead();
      if (head === undefined) {
        const before = await seenHead();
        if (before === undefined && known.head === undefined) return known;
        // Another process may have made the branch since we asked; if not, it was there and is gone.
        if ((await remoteHead()) === undefined) throw lost(await factsSeen(before), []);
        continue;
      }
      if (head === known.head && !afresh) return known;
      const end = (await endAt(cache, head, seen)) ?? ((await fetch()) ? await endAt(cache, head, seen) : undefined);
      if (end !== undefined) {
        // Believed first, remembered then: an edited branch that is restored must not look like one that lost its facts.
        const facts = await factsAt(head, end.headText, afresh);
        await refuseRewritten(head, end.seen, facts);
        if (afresh) await refuseRemoved(head, facts);
        if (facts[known.facts.length - 1]?.id !== known.facts.at(-1)?.id) throw lost(known.facts, facts);
        known = { head, facts };
        return known;
      }
      // The branch moved between the two questions, or another process was writing to the cache.
      if (attempt >= 5) throw new DeliveryError('errored', `could not fetch ${head} of ${branch} from ${where}`);
      await clock.sleep(20 + Math.random() * 60);
    }
  }

  async function remoteHead(): Promise<string | undefined> {
    if (isFolder(repository) && !(await exists(repository))) return undefined;
    const result = await runGit(['ls-remote', repository, ref]);
    if (result.code !== 0) throw unreachable(repository, result.stderr);
    return /^([0-9a-f]{40,64})\t/.exec(result.stdout.toString())?.[1];
  }

  async function fetch(): Promise<boolean> {
    const words = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', repository, ref];
    return (await runGit([...inCache, ...words])).code === 0;
  }

  async function seenHead(): Promise<string | undefined> {
    const answer = await runGit([...inCache, 'rev-parse', '--quiet', '--verify', seen]);
    return answer.code === 0 ? answer.stdout.toString().trim() : undefined;
  }

  /** A branch that lost commits that this cache has seen was truncated or rewritten, however well its chain holds. */
  async function refuseRewritten(head: string, before: string | undefined, facts: readonly Fact[]): Promise<void> {
    if (before === head) return;
    if (before !== undefined && !(await leadsTo(head, before))) {
      // Another process may have read something newer in the meantime: that is no rewriting.
      const overtaken = (await leadsTo(before, head)) && (await remoteHead()) !== head;
      if (!overtaken) throw lost(await factsSeen(before), facts);
      return;
    }
    // A new commit on top may say something else with every hash made anew.
    if (before !== undefined && (await addedBetween(cache, before, head)) === undefined) {
      throw lost(await factsSeen(before), facts);
    }
    await runGit([...inCache, 'update-ref', seen, head]);
  }

  async function factsAt(head: string, end: string | undefined, afresh: boolean): Promise<readonly Fact[]> {
    const cached = afresh ? undefined : await remembered;
    const base = afresh || known.head !== undefined ? known : cached;
    const grown = afresh ? undefined : await grownFrom(base, head, end);
    const facts = grown ?? (await parseAll(await entriesOf(cache, head), end));
    // The file grows by rewriting it: seldom enough that it costs next to nothing for each fact.
    const saved = grown === undefined ? 0 : (cached?.facts.length ?? 0);
    if (facts.length - saved >= 50 + saved / 200) {
      remembered = Promise.resolve({ head, facts });
      await saveSnapshot(file, { head, facts });
    }
    return facts;
  }

  /** What is known, and what the branch has added to it; `undefined` when it can't be had that way, or does not fit. */
  async function grownFrom(base: Snapshot | undefined, head: string, end: string | undefined) {
    if (base?.head === undefined) return undefined;
    if (base.head === head) return endsAs(base.facts, end) ? base.facts : undefined;
    const added = await addedBetween(cache, base.head, head);
    if (added?.every(({ path }) => path.startsWith('facts/')) !== true) return undefined;
    // The full reading names the fact that is wrong.
    return parseAll(added, end, base.facts).catch(() => undefined);
  }

  async function parseAll(entries: readonly Entry[], end: string | undefined, before: readonly Fact[] = []) {
    const wanted = entries.filter(({ path }) => path.startsWith('facts/'));
    const texts = await readTexts(cache, wanted);
    return orderFacts(
      wanted.map(({ path }) => parseFact(path, texts.get(path) ?? '')),
      end,
      before,
    );
  }

  /** A fact that some commit of the branch took away is found by whoever never saw it, too. */
  async function refuseRemoved(head: string, facts: readonly Fact[]): Promise<void> {
    // Also what a merge left out: git would follow the parent that the merge agrees with and never look at the other one.
    const whole = ['--full-history', '-m', '--no-renames', '--diff-filter=D'];
    const words = ['log', ...whole, '--format=', '--name-only', head, '--', 'facts'];
    const removed = (await git([...inCache, ...words])).toString().split('\n').filter(Boolean).reverse();
    const paths = new Set(facts.map(({ id }) => factPath(id)));
    const gone = removed.find((path) => !paths.has(path));
    if (gone !== undefined) throw corrupt(basename(gone, '.json'), 'a later commit of the branch removed it');
  }

  async function factsSeen(head: string | undefined): Promise<readonly Fact[]> {
    const end = head === undefined ? undefined : await endAt(cache, head, seen);
    if (head === undefined || end === undefined) return known.facts;
    return parseAll(await entriesOf(cache, head), end.headText);
  }

  async function leadsTo(head: string, ancestor: string): Promise<boolean> {
    return (await runGit([...inCache, 'merge-base', '--is-ancestor', ancestor, head])).code === 0;
  }

  async function appendInTurn(decide: (facts: readonly Fact[]) => readonly NewFact[]): Promise<readonly Fact[]> {
    let offered: { readonly append: string; readonly ids: readonly string[]; readonly expected: string } | undefined;
    let refusals = 0;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (attempt > 0) await clock.sleep(Math.random() * Math.min(1_000, 25 * 2 ** attempt));
      const snapshot = await read();
      // The last try may have arrived although its acknowledgement did not.
      if (offered !== undefined && (await arrived(snapshot.head, offered))) return named(snapshot.facts, offered.ids);
      const wanted = decide(snapshot.facts);
      const { ids, added } = placeOn(snapshot.facts, wanted);
      if (added.length === 0) return named(snapshot.facts, ids);
      // Two writers may say the same thing in the same second; their commits are two all the same.
      offered = { append: randomUUID(), ids, expected: snapshot.head ?? '' };
      const facts = grown(snapshot.facts, added);
      const files = added.map((fact) => ({ path: factPath(fact.id), text: factText(fact) }));
      const commit = await append({
        expected: snapshot.head,
        append: offered.append,
        headline: added.map(summary).join('\n'),
        files: [...files, { path: headPath, text: headText(facts) }],
      }).catch((cause: unknown) => {
        if (!(cause instanceof DeliveryError) || cause.code !== 'errored') throw cause;
        // Not a race: the remote was gone for a moment, or it refuses for good.
        if (++refusals >= 4) throw cause;
        return 'perhaps' as const;
      });
      if (commit === undefined) offered = undefined;
      if (commit === undefined || commit === 'perhaps') continue;
      known = { head: commit, facts };
      return named(snapshot.facts, ids, added);
    }
    throw new DeliveryError('errored', `could not append to ${branch} in ${where} in ${maxAttempts} tries`, {
      hint: 'other writers were always first: run the command again',
    });
  }

  /** Is one of the commits since then the one that was offered? */
  async function arrived(head: string | undefined, offered: { append: string; expected: string }): Promise<boolean> {
    if (head === undefined || head === offered.expected) return false;
    const range = offered.expected === '' ? head : `${offered.expected}..${head}`;
    const words = ['log', '-1', '--format=%H', '--fixed-strings', `--grep=Append: ${offered.append}`, range];
    return (await runGit([...inCache, ...words])).stdout.length > 0;
  }

  return {
    location: `${where} (branch ${branch})`,
    facts: () => inTurn(async () => (await read()).facts),
    append: (decide) => inTurn(() => appendInTurn(decide)),
    verify: () => inTurn(async () => (await read(true)).facts),
  };

  /** One at a time in this process: a process need not race itself. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }
}

/** As they stand in the ledger. */
function named(facts: readonly Fact[], ids: readonly string[], added: readonly Fact[] = []): readonly Fact[] {
  const { byId } = indexOf(facts);
  return ids.flatMap((id) => byId.get(id) ?? added.find((fact) => fact.id === id) ?? []);
}

const maxAttempts = 60;

function summary(fact: Fact): string {
  const where = 'stack' in fact ? fact.stack : 'environment' in fact ? fact.environment : '';
  const state = 'state' in fact.body ? fact.body.state : 'outcome' in fact.body ? fact.body.outcome : '';
  const release = 'release' in fact ? fact.release : '';
  return ['trireme:', fact.kind, release, where, state].filter((word) => word !== '').join(' ');
}

/** Names the first fact that was seen and is not where it was. */
function lost(before: readonly Fact[], after: readonly Fact[]): DeliveryError {
  const first = before.find((fact, index) => after[index]?.id !== fact.id) ?? before.at(-1);
  return corrupt(first?.id ?? 'unknown', 'the branch no longer leads to it: it was truncated, rewritten or removed');
}
