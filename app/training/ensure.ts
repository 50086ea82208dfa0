// Brings models into the store: trained anew, or because the lock names what the store lacks.
import path from 'node:path';
import { artifactDirectory, readArtifact, writeArtifact } from '../model/artifact.ts';
import { canonicalJson } from '../model/canonical-json.ts';
import { AppError } from '../model/errors.ts';
import type { ModelLabel } from '../model/labels.ts';
import { type LockedModel, labelOf, readLock, withModel, writeLock } from '../model/lock.ts';
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
  readonly label: ModelLabel;
  /** False: the store had it, byte for byte. */
  readonly written: boolean;
  /** False: the lock named it already; true: it was written. */
  readonly locked: boolean;
  /** Models that the lock named and that the problem file does not make any more. */
  readonly dropped: readonly string[];
}

export interface Choices {
  /** In place of the problem file's. */
  readonly seed?: number | undefined;
  /** As the lock has it for that problem file, else the champion. */
  readonly label?: ModelLabel | undefined;
}

/** Trains, stores and locks. */
export async function trainAndLock(
  places: Places,
  { seed, label }: Choices,
  progress: (now: TrainingProgress) => void,
): Promise<Result> {
  const problem = await readProblem(places.problemFile);
  const lock = await readLock(places.lockFile);
  const file = problemIn(places);
  const before = lock.models.find((one) => one.url === null && one.problem === file.problem);
  const as = label ?? (before === undefined ? 'champion' : labelOf(before));
  const entry = { name: problem.name, url: null, ...file, ...(as === 'challenger' ? { label: as } : {}) };
  // Before the training: what it refuses would be refused after it.
  withModel(lock, { ...entry, digest: '' });
  const parent = lock.models.find((one) => one.name === problem.name && labelOf(one) === as);
  const trained = await train(seed === undefined ? problem : { ...problem, seed }, progress);
  const stored = await store(places, trained, parent?.digest ?? null);
  const { name, ...rest } = entry;
  const next = withModel(lock, { name, digest: stored.digest, ...rest });
  const dropped = lock.models
    .map(({ name }) => name)
    .filter((name) => next.models.every((model) => model.name !== name));
  const isLocked = canonicalJson(next) === canonicalJson(lock);
  if (!isLocked) await writeLock(places.lockFile, next);
  return { model: trained.model, ...stored, label: as, locked: !isLocked, dropped };
}

/** Which problem file the lock says makes a model: nothing of the one that everybody has. */
function problemIn({ problemFile, lockFile }: Places): { problem?: string } {
  const problem = path.relative(path.dirname(path.resolve(lockFile)), path.resolve(problemFile));
  return problem === 'problem.yaml' ? {} : { problem: problem.split(path.sep).join('/') };
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
  const file =
    locked.problem === undefined ? places.problemFile : path.join(path.dirname(places.lockFile), locked.problem);
  const problem: Problem = await readProblem(file);
  if (problem.name !== locked.name) {
    throw new AppError(
      'problem-invalid',
      `${places.lockFile} names the model ${locked.name}: expected a problem file for it, found ${file} for ${problem.name}; give another with --problem, or lock this one: npx trireme train`,
    );
  }
  const trained = await train(problem, progress);
  const { digest } = await store({ ...places, problemFile: file }, trained, null);
  if (digest === locked.digest) return;
  throw new AppError(
    'digest-mismatch',
    `${places.lockFile}: expected ${locked.name} ${locked.digest}, found that ${file} and its data make ${digest}; restore them, or lock what they make now: npx trireme train`,
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
