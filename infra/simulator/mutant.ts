// A copy of the code with one bug planted in it, in a temporary folder, run by its own copy of the simulator.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Failure, runMany } from './many.ts';
import type { Mutant } from './mutants.ts';

const infra = fileURLToPath(new URL('..', import.meta.url));
const rooms = ['contract', 'ledger', 'registry', 'delivery', 'simulator'];

export interface Hunt {
  readonly mutant: Mutant;
  /** The first schedule that breaks the invariant that it should; `undefined` when none did. */
  readonly found: Failure | undefined;
  readonly schedules: number;
}

/** @throws Error when the text to be replaced does not stand in the file exactly once: the mutant is out of date. */
export async function hunt(mutant: Mutant, lot: { from: number; count: number; workers: number }): Promise<Hunt> {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-mutant-'));
  try {
    await copyInto(folder);
    await plant(join(folder, 'infra'), mutant);
    const program = pathToFileURL(join(folder, 'infra/simulator/worker.ts'));
    const counts = ({ violations }: Failure) => violations.some(({ invariant }) => invariant === mutant.breaks);
    const { failures, schedules } = await runMany({ ...lot, enough: 1, counts, program });
    return { mutant, found: failures.find(counts), schedules };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyInto(folder: string): Promise<void> {
  for (const room of rooms) await cp(join(infra, room), join(folder, 'infra', room), { recursive: true });
  await cp(join(infra, 'package.json'), join(folder, 'infra/package.json'));
  await symlink(join(infra, '../node_modules'), join(folder, 'node_modules'), 'junction');
}

async function plant(root: string, { name, also, ...first }: Mutant): Promise<void> {
  for (const { file, find, replace } of [first, ...(also === undefined ? [] : [also])]) {
    const path = join(root, file);
    const text = await readFile(path, 'utf8');
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`mutant \`${name}\`: expected its text once in ${file}, found it ${times} times`);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
  }
}
