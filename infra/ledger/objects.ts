// What a bare repository holds, asked through git: where a branch ends, what a commit lists, what changed between two, and the bytes.
import { corrupt, headPath } from './chain.ts';
import { git, runGit } from './git-command.ts';

/** One file of a commit. */
export interface Entry {
  readonly blob: string;
  readonly path: string;
}

/** A branch's end as far as this repository holds it. */
export interface End {
  /** Bytes of `head.json` in that commit; `undefined` where it has none. */
  readonly headText: string | undefined;
  /** What `seen` names; `undefined` where nothing was seen yet. */
  readonly seen: string | undefined;
}

/** @returns `undefined` when the commit is not here. One git process. */
export async function endAt(folder: string, head: string, seen: string): Promise<End | undefined> {
  const { stdout } = await runGit(
    [`--git-dir=${folder}`, 'cat-file', '--batch'],
    `${head}^{tree}\n${head}:${headPath}\n${seen}\n`,
  );
  const [tree, text, mark] = readBatch(stdout, 3);
  if (tree === undefined) return undefined;
  return { headText: text?.bytes.toString(), seen: mark?.object };
}

/** Every file of a commit. */
export async function entriesOf(folder: string, head: string): Promise<readonly Entry[]> {
  const listing = await git([`--git-dir=${folder}`, 'ls-tree', '-r', '-z', '--full-tree', head]);
  return listing
    .toString()
    .split('\0')
    .flatMap((line) => {
      const match = /^\d+ blob ([0-9a-f]+)\t(.*)$/.exec(line);
      return match?.[1] === undefined || match[2] === undefined ? [] : [{ blob: match[1], path: match[2] }];
    });
}

/** Files of `to` that `from` does not have; `undefined` when it also edits or lacks one other than `head.json`, or `from` is not here. */
export async function addedBetween(folder: string, from: string, to: string): Promise<readonly Entry[] | undefined> {
  const words = ['diff-tree', '-r', '-z', '--no-renames', '--full-index', from, to];
  const { code, stdout } = await runGit([`--git-dir=${folder}`, ...words]);
  if (code !== 0) return undefined;
  const fields = stdout.toString().split('\0');
  const added: Entry[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const match = /^:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) ([A-Z])/.exec(fields[at] ?? '');
    const path = fields[at + 1] ?? '';
    if (path === headPath) continue;
    if (match?.[1] === undefined || match[2] !== 'A') return undefined;
    added.push({ blob: match[1], path });
  }
  return added;
}

/** By path. @throws DeliveryError `ledger-corrupt` for one that git can't read. */
export async function readTexts(folder: string, entries: readonly Entry[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  if (entries.length === 0) return texts;
  const input = entries.map((entry) => `${entry.blob}\n`).join('');
  const { stdout, code } = await runGit([`--git-dir=${folder}`, 'cat-file', '--batch', '--buffer'], input);
  const answers = readBatch(stdout, entries.length);
  for (const [index, entry] of entries.entries()) {
    const answer = answers[index];
    if (answer?.type !== 'blob') throw corrupt(entry.path, `git cannot read it (exit ${code})`);
    texts.set(entry.path, answer.bytes.toString());
  }
  return texts;
}

interface Answer {
  readonly object: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** `<object> <type> <size>`, the bytes, a line feed; or one line that ends in `missing`. */
function readBatch(stdout: Buffer, count: number): readonly (Answer | undefined)[] {
  const answers: (Answer | undefined)[] = [];
  for (let offset = 0; answers.length < count; ) {
    const end = stdout.indexOf(10, offset);
    if (end < 0) break;
    const head = /^([0-9a-f]+) ([a-z]+) (\d+)$/.exec(stdout.toString('latin1', offset, end));
    if (head?.[1] === undefined || head[2] === undefined) {
      answers.push(undefined);
      offset = end + 1;
      continue;
    }
    const size = Number(head[3]);
    answers.push({ object: head[1], type: head[2], bytes: stdout.subarray(end + 1, end + 1 + size) });
    offset = end + 1 + size + 1;
  }
  return answers;
}
