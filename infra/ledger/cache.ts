// Facts that this machine has read and verified before, so that only what is new is read again. Never believed: its hashes are computed again.
import { hash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { chainHash, type Fact, fact as factShape } from '../contract/fact.ts';
import { headText, rememberText, textOf } from './chain.ts';

/** A branch as it was read: the commit at its end, and its facts. */
export interface Snapshot {
  readonly head: string | undefined;
  readonly facts: readonly Fact[];
}

const format = 'trireme.ledger-cache/1';
/** A checkout that knows other facts than the one that wrote the file parses them itself. */
let shapeDigest: string | undefined;
function shape(): string {
  shapeDigest ??= hash('sha256', JSON.stringify(z.toJSONSchema(factShape)));
  return shapeDigest;
}

/**
 * What the file holds, if all of it holds: each fact's content has its id, each link and chain follows from the one before. That those
 * are the branch's facts is for the caller to see: `headText` of them must be what the branch says of that commit.
 * @returns `undefined` for a file that is missing, damaged, or of another trireme.
 */
export async function loadSnapshot(file: string): Promise<Snapshot | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const [first = '', ...lines] = text.split('\n');
    const header: unknown = JSON.parse(first);
    if (!isHeader(header) || lines.pop() !== '' || lines.length !== header.facts) return undefined;
    const facts: Fact[] = [];
    let last: Fact | undefined;
    for (const line of lines) {
      last = factIn(line, last);
      if (last === undefined) return undefined;
      facts.push(last);
      rememberText(last, `${line}\n`);
    }
    return { head: header.head, facts };
  } catch {
    return undefined;
  }
}

/** In one step, so that no reader sees half of it. A cache that can't be written costs time and nothing else. */
export async function saveSnapshot(file: string, { head, facts }: Snapshot): Promise<void> {
  const temporary = `${file}.${process.pid}.${hash('sha256', `${head}`).slice(0, 8)}`;
  const header = `${JSON.stringify({ format, shape: shape(), head, facts: facts.length })}\n`;
  try {
    await writeFile(temporary, `${header}${facts.map(textOf).join('')}`);
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Does the branch's own word on where that commit ends fit these facts? */
export function endsAs(facts: readonly Fact[], head: string | undefined): boolean {
  return head === headText(facts);
}

function isHeader(value: unknown): value is { readonly head: string; readonly facts: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { format: found, shape: known, head, facts } = value as Record<string, unknown>;
  return found === format && known === shape() && typeof head === 'string' && typeof facts === 'number';
}

/**
 * The id is taken over the canonical content, which is this text without the three members that the ledger added: in canonical JSON each
 * stands once at the top level, behind `body`, and is followed by another member.
 */
function factIn(text: string, before: Fact | undefined): Fact | undefined {
  const fact = JSON.parse(text) as Fact;
  if (fact.previous !== (before?.id ?? null)) return undefined;
  const members = [
    `"chain":"${fact.chain}",`,
    `"id":"${fact.id}",`,
    fact.previous === null ? '"previous":null,' : `"previous":"${fact.previous}",`,
  ];
  let content = '';
  let from = 0;
  for (const member of members) {
    const at = text.lastIndexOf(member);
    if (at < from) return undefined;
    content += text.slice(from, at);
    from = at + member.length;
  }
  content += text.slice(from);
  if (hash('sha256', content) !== fact.id) return undefined;
  return fact.chain === chainHash(before?.chain ?? null, fact.id) ? fact : undefined;
}
