// `model.lock.json`, committed: which models a release bakes, by digest.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, Faults, isFields, parseJsonDocument } from './document.ts';
import { AppError } from './errors.ts';
import { modelNamePattern } from './schema.ts';

export const lockSchema = 'trireme.model-lock/1';

export interface LockedModel {
  readonly name: string;
  readonly digest: string;
  /** Where the artifact can be fetched; `null` when it is trained wherever it is needed. */
  readonly url: string | null;
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
      const { name, digest, url } = isFields(model) ? model : ({} as Record<string, unknown>);
      faults.expect(typeof name === 'string' && modelNamePattern.test(name), `models[${index}].name`, 'a name', name);
      const isDigest = typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest);
      faults.expect(isDigest, `models[${index}].digest`, '`sha256:` and 64 hexadecimal digits', digest);
      faults.expect(url === null || typeof url === 'string', `models[${index}].url`, 'a URL or null', url);
    }
  }
  faults.raise('document-invalid');
  return fields as unknown as ModelLock;
}

/**
 * The lock with this model in it, in place of an earlier one of that name. Another that is to be trained goes: there is one problem
 * file, and it makes this one now. One that is fetched by its URL stays.
 */
export function withModel(lock: ModelLock, model: LockedModel): ModelLock {
  const others = lock.models.filter(({ name, url }) => name !== model.name && url !== null);
  return { ...lock, models: [...others, model].sort((a, b) => (a.name < b.name ? -1 : 1)) };
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
