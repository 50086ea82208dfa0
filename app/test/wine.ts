// The wine model for tests, trained once in each test file that asks for it, in a folder of its own.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { writeArtifact } from '../model/artifact.ts';
import { type Problem, readProblem } from '../training/problem.ts';
import { train } from '../training/train.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder that is removed when the test file ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-app-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function wineProblem(changes: Partial<Problem> = {}): Promise<Problem> {
  return { ...(await readProblem(path.join(root, 'problem.yaml'))), ...changes };
}

/** @returns the folder of a wine artifact in a store of its own. */
export async function wineArtifact(changes: Partial<Problem> = {}) {
  const { contents, model } = await train(await wineProblem(changes));
  const store = await temporaryFolder();
  return { store, contents, model, ...(await writeArtifact(store, contents, {})) };
}

/** A `models` folder as an image has it. */
export async function imageWith(
  directory: string,
  name = 'wine',
): Promise<{ cwd: string; models: string; model: string }> {
  const cwd = await temporaryFolder();
  const models = path.join(cwd, 'models');
  const model = path.join(models, name);
  await cp(directory, model, { recursive: true });
  return { cwd, models, model };
}

/** `build.json` as an image has it. */
export function buildDocument(models: readonly object[], buildId = 'bld-0123456789ab'): string {
  return JSON.stringify({ schema: 'trireme.build/2', buildId, models });
}

/** A golden answer, as exactly as every engine must give it. */
export function nearly(answer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const near = (value: unknown) => (Number.isInteger(value) ? value : expect.closeTo(Number(value), 6));
  return Object.fromEntries(Object.entries(answer).map(([field, value]) => [field, near(value)]));
}
