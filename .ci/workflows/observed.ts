// What can be seen from outside: the ledger's facts, and what answers at the endpoints. Not as expected: an error that says both.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fact } from '../../infra/contract/fact.ts';
import { openLedger } from '../../infra/ledger/git.ts';
import type { World } from './world.ts';

export async function facts({ checkout, ledgerCache }: World): Promise<readonly Fact[]> {
  const repository = join(checkout.root, '.trireme', 'emulated-ledger.git');
  return (await openLedger({ repository, cache: ledgerCache })).facts();
}

/** Stack to the release that answers at its endpoint, asked itself. */
export async function liveIn(world: World, environment: string): Promise<ReadonlyMap<string, string>> {
  const live = new Map<string, string>();
  for (const fact of await facts(world)) {
    if (fact.kind !== 'deployment' || fact.environment !== environment || fact.body.endpoint === undefined) continue;
    const { releaseId } = (await (await fetch(`${fact.body.endpoint}/version`)).json()) as { releaseId: string };
    live.set(fact.stack, releaseId);
  }
  return live;
}

export function expectLive(found: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): void {
  const same = Object.entries(wanted).every(([stack, one]) => found.get(stack) === one);
  expectThat(same, `live ${JSON.stringify(wanted)}`, Object.fromEntries(found));
}

export function expectThat(holds: boolean, expected: string, found: unknown): void {
  if (!holds) throw new Error(`expected ${expected}; found ${JSON.stringify(found)}`);
}

export function seen(line: string): void {
  console.log(`seen after ${Math.round(process.uptime())} s: ${line}`);
}

/** The end of the newest run's log. */
export async function showLog({ logs }: World): Promise<void> {
  const file = (await readdir(logs)).sort((a, b) => idOf(a) - idOf(b)).at(-1);
  if (file === undefined) return;
  const lines = (await readFile(join(logs, file), 'utf8')).split('\n').filter((line) => /❌|\| |rror/.test(line));
  console.log(`--- the end of ${join(logs, file)}\n${lines.slice(-60).join('\n')}`);
}

const idOf = (file: string) => Number(/-(\d+)\.log$/.exec(file)?.[1] ?? 0);
