// `model.lock.json`, committed: which models a release bakes, by digest, the one that answers `/predict` first.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, Faults, isFields, parseJsonDocument } from './document.ts';
import { AppError } from './errors.ts';
import type { ModelLabel } from './labels.ts';
import { modelNamePattern } from './schema.ts';

export const lockSchema = 'trireme.model-lock/1';

export interface LockedModel {
  readonly name: string;
  readonly digest: string;
  /** Where the artifact can be fetched; `null` when it is trained wherever it is needed. */
  readonly url: string | null;
  /** What makes it where it is trained, from the lock's folder; absent for `problem.yaml`. */
  readonly problem?: string;
  /** Absent for the champion. */
  readonly label?: 'challenger';
}
export interface ModelLock {
  readonly schema: typeof lockSchema;
  readonly models: readonly LockedModel[];
}

/** @returns an empty lock when there is no file. @throws AppError `schema-unknown` or `document-invalid`. */
export async function readLock(file: string): Promise<ModelLock> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { schema: lockSchema, models: [] };
  const fields = parseJsonDocument(file, text, lockSchema);
  const faults = new Faults(file);
  if (!Array.isArray(fields.models)) faults.add('models', `expected a list, found ${describe(fields.models)}`);
  else {
    for (const [index, model] of fields.models.entries()) {
      const { name, digest, url, problem, label } = isFields(model) ? model : ({} as Record<string, unknown>);
      faults.expect(typeof name === 'string' && modelNamePattern.test(name), `models[${index}].name`, 'a name', name);
      const isDigest = typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest);
      faults.expect(isDigest, `models[${index}].digest`, '`sha256:` and 64 hexadecimal digits', digest);
      faults.expect(url === null || typeof url === 'string', `models[${index}].url`, 'a URL or null', url);
      const isPath = problem === undefined || (typeof problem === 'string' && problem !== '');
      faults.expect(isPath, `models[${index}].problem`, 'the path of a problem file', problem);
      const isLabel = label === undefined || label === 'challenger';
      faults.expect(isLabel, `models[${index}].label`, '`challenger`, or none for the champion', label);
    }
  }
  faults.raise('document-invalid');
  return fields as unknown as ModelLock;
}

export function labelOf({ label }: Pick<LockedModel, 'label'>): ModelLabel {
  return label ?? 'champion';
}

/**
 * The lock with this model in it, where an earlier one of that name and label was. What its problem file made before goes: it makes
 * this one now. Others stay. @throws AppError `usage` when a challenger would be left without a champion.
 */
export function withModel(lock: ModelLock, model: LockedModel): ModelLock {
  const makesWay = (one: LockedModel) =>
    (one.name === model.name && one.label === model.label) || (one.url === null && one.problem === model.problem);
  const first = lock.models.findIndex(makesWay);
  const kept = lock.models.filter((one) => !makesWay(one));
  const at = first < 0 ? kept.length : lock.models.slice(0, first).filter((one) => !makesWay(one)).length;
  const models = kept.toSpliced(at, 0, model);
  const alone = models.find(({ name, label }) => label && !models.some((one) => one.name === name && !one.label));
  if (alone !== undefined) {
    throw new AppError(
      'usage',
      `expected a champion of ${alone.name} beside its challenger, found none; each version has a problem file of its own: copy it, change the copy, train it with --problem`,
    );
  }
  return { ...lock, models };
}

export async function writeLock(file: string, lock: ModelLock): Promise<void> {
  const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await writeFile(partial, `${JSON.stringify(lock, null, 2)}\n`);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new AppError('store-unwritable', `expected to write ${file}, found ${(cause as Error).message}`, { cause });
  }
}
