// Who this service is: what was baked into the image, and what the deployment says about it.
import { readFile } from 'node:fs/promises';
import { Faults, isFields, parseJsonDocument } from '../model/document.ts';
import { type ModelLabel, modelLabels } from '../model/labels.ts';
import { modelNamePattern } from '../model/schema.ts';
import type { Settings } from './settings/settings.ts';

export const buildSchema = 'trireme.build/2';

export interface Identity {
  /** Baked into the image: the one part that a wrong deployment can't fake. `development` outside an image. */
  readonly buildId: string;
  readonly releaseId: string | null;
  readonly imageDigest: string | null;
}

/** One of the models that the release names, as its build baked it. */
export interface StatedModel {
  readonly name: string;
  readonly digest: string;
  /** In MODELS_DIR. */
  readonly folder: string;
  readonly label: ModelLabel;
}

export interface Build {
  readonly buildId: string;
  /** What may be served, the one that answers `/predict` first; absent outside an image. */
  readonly models?: readonly StatedModel[];
}

export function identityOf({ buildId }: Build, { releaseId, imageDigest }: Settings): Identity {
  return { buildId, releaseId, imageDigest };
}

/** @param file `build.json` of the image. @throws AppError `schema-unknown` or `document-invalid` when it is there and can't be believed. */
export async function readBuild(file: string): Promise<Build> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { buildId: 'development' };
  const { buildId, models } = parseJsonDocument('build.json', text, buildSchema);
  const faults = new Faults('build.json can not be believed, build the image again');
  faults.expect(typeof buildId === 'string' && buildId !== '', 'buildId', 'a name', buildId);
  const isList = Array.isArray(models) && models.length > 0;
  faults.expect(isList, 'models', 'at least one', models);
  const stated = isList ? models.map((model: unknown, index) => statedModel(model, `models[${index}]`, faults)) : [];
  faults.raise('document-invalid');
  return { buildId: String(buildId), models: stated };
}

function statedModel(model: unknown, place: string, faults: Faults): StatedModel {
  const { name, digest, folder, label = 'champion' } = isFields(model) ? model : ({} as Record<string, unknown>);
  faults.expect(typeof name === 'string' && modelNamePattern.test(name), `${place}.name`, 'a name', name);
  faults.expect(/^sha256:[0-9a-f]{64}$/.test(String(digest)), `${place}.digest`, '`sha256:` and 64 digits', digest);
  // A folder of MODELS_DIR and nowhere else.
  faults.expect(/^[a-z0-9][a-z0-9_@-]*$/.test(String(folder)), `${place}.folder`, 'the name of a folder', folder);
  faults.expect(
    modelLabels.some((one) => one === label),
    `${place}.label`,
    modelLabels.join(' or '),
    label,
  );
  return { name, digest, folder, label } as StatedModel;
}
