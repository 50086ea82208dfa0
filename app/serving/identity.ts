// Who this service is: what was baked into the image, and what the deployment says about it.
import { readFile } from 'node:fs/promises';
import { describe, parseJsonDocument } from '../model/document.ts';
import { AppError } from '../model/errors.ts';
import type { Settings } from './settings/settings.ts';

export const buildSchema = 'trireme.build/1';

export interface Identity {
  /** Baked into the image: the one part that a wrong deployment can't fake. `development` outside an image. */
  readonly buildId: string;
  readonly releaseId: string | null;
  readonly imageDigest: string | null;
}

/** @param buildFile `build.json` of the image. @throws AppError when it is there and can't be believed. */
export async function readIdentity(buildFile: string, { releaseId, imageDigest }: Settings): Promise<Identity> {
  return { buildId: await readBuildId(buildFile), releaseId, imageDigest };
}

async function readBuildId(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return 'development';
  const { buildId } = parseJsonDocument('build.json', text, buildSchema);
  if (typeof buildId === 'string' && buildId !== '') return buildId;
  throw new AppError(
    'document-invalid',
    `build.json: expected a buildId, found ${describe(buildId)}; build the image again`,
  );
}
