// Models out of released images, one folder each under `.trireme/cache/models`, named by their digest and checked against it whenever they are taken.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import { type ModelOfRelease, modelWord } from '../contract/release.ts';
import { modelDigestOf } from '../image/model-digest.ts';
import { workingFolder } from '../image/modules-layer.ts';
import type { RegistryClient } from '../registry/client.ts';

export interface ReleasedModel extends ModelOfRelease {
  /** The image that holds it, in any registry. */
  readonly ref: string;
}

/** @returns the artifact's folder. @throws DeliveryError `digest-mismatch`, `document-invalid`, or what the registry throws. */
export async function fetchModel(
  client: Pick<RegistryClient, 'readFolder'>,
  cache: string,
  model: ReleasedModel,
): Promise<string> {
  const { name, digest, ref } = model;
  const folder = join(cache, digest.replace('sha256:', ''));
  if (await holds(folder, digest)) return folder;
  const path = `${workingFolder}/models/${modelWord(model)}`;
  const files = await client.readFolder(ref, path);
  if (files.size === 0)
    throw new DeliveryError('document-invalid', `expected a model in ${path} of ${ref}; found none`);
  const found = modelDigestOf(files);
  if (found !== digest) {
    throw new DeliveryError('digest-mismatch', `model \`${name}\` in ${ref}: expected ${digest}; found ${found}`);
  }
  const partial = `${folder}.${randomUUID()}`;
  try {
    await mkdir(partial, { recursive: true });
    for (const [file, bytes] of files) await writeFile(join(partial, file), bytes);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder).catch(async (error: unknown) => {
      // Another process was as fast.
      if (!(await holds(folder, digest))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

async function holds(folder: string, digest: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)).catch(
    () => [],
  );
  return files.length > 0 && modelDigestOf(new Map(files)) === digest;
}
