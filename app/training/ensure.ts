// Brings models into the store: trained anew, or because the lock names what the store lacks.
import path from 'node:path';
import { artifactDirectory, readArtifact, writeArtifact } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { type LockedModel, readLock, withModel, writeLock } from '../model/lock.ts';
import type { Model } from '../model/schema.ts';
import { lineageIn } from './lineage.ts';
import { type Problem, readProblem } from './problem.ts';
import { type Trained, type TrainingProgress, train } from './train.ts';

export interface Places {
  readonly problemFile: string;
  readonly store: string;
  readonly lockFile: string;
}

export interface Result {
  readonly model: Model;
  readonly digest: string;
  readonly directory: string;
  /** False: the store had it, byte for byte. */
  readonly written: boolean;
  /** False: the lock named it already; true: it was written. */
  readonly locked: boolean;
  /** Models that the lock named and that the problem file does not make any more. */
  readonly dropped: readonly string[];
}

/** Trains, stores and locks. @param seed in place of the problem file's. */
export async function trainAndLock(
  places: Places,
  seed: number | undefined,
  progress: (now: TrainingProgress) => void,
): Promise<Result> {
  const problem = await readProblem(places.problemFile);
  const lock = await readLock(places.lockFile);
  const parent = lock.models.find(({ name }) => name === problem.name);
  const trained = await train(seed === undefined ? problem : { ...problem, seed }, progress);
  const stored = await store(places, trained, parent?.digest ?? null);
  const next = withModel(lock, { name: problem.name, digest: stored.digest, url: null });
  const dropped = lock.models
    .map(({ name }) => name)
    .filter((name) => next.models.every((model) => model.name !== name));
  const isLocked = parent?.digest === stored.digest && dropped.length === 0;
  if (!isLocked) await writeLock(places.lockFile, next);
  return { model: trained.model, ...stored, locked: !isLocked, dropped };
}

/**
 * Makes sure that the store holds every locked model, each byte checked; trains what it lacks.
 * @returns where each one is. @throws AppError `digest-mismatch` when training makes another model than the locked one.
 */
export async function ensureModels(
  places: Places,
  report: (message: string) => void,
  progress: (now: TrainingProgress) => void,
): Promise<(LockedModel & { readonly directory: string })[]> {
  const { models } = await readLock(places.lockFile);
  if (models.length === 0) {
    throw new AppError(
      'document-invalid',
      `${places.lockFile}: expected at least one model, found none; train one: npx trireme train`,
    );
  }
  const ensured: (LockedModel & { readonly directory: string })[] = [];
  for (const locked of models) {
    const directory = artifactDirectory(places.store, locked.digest);
    const fault = await readArtifact(directory, locked.digest).then(() => undefined, faultOf);
    if (fault !== undefined) {
      const why =
        fault.code === 'artifact-incomplete' ? 'is not in the store' : `is damaged in the store (${fault.message})`;
      report(`${locked.name} ${locked.digest} ${why}: training it`);
      await trainLocked(places, locked, progress);
    }
    ensured.push({ ...locked, directory });
  }
  return ensured;
}

async function trainLocked(
  places: Places,
  locked: LockedModel,
  progress: (now: TrainingProgress) => void,
): Promise<void> {
  const problem: Problem = await readProblem(places.problemFile);
  if (problem.name !== locked.name) {
    throw new AppError(
      'problem-invalid',
      `${places.lockFile} names the model ${locked.name}: expected a problem file for it, found ${places.problemFile} for ${problem.name}; give another with --problem, or lock this one: npx trireme train`,
    );
  }
  const trained = await train(problem, progress);
  const { digest } = await store(places, trained, null);
  if (digest === locked.digest) return;
  throw new AppError(
    'digest-mismatch',
    `${places.lockFile}: expected ${locked.name} ${locked.digest}, found that ${places.problemFile} and its data make ${digest}; restore them, or lock what they make now: npx trireme train`,
  );
}

async function store(places: Places, trained: Trained, parent: string | null) {
  const lineage = await lineageIn(path.dirname(path.resolve(places.problemFile)), parent);
  return writeArtifact(places.store, trained.contents, lineage);
}

function faultOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}
