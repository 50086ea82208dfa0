// Loads every model of the image, or says why this service must not become ready.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { compile } from '../engines/compiled.ts';
import { readArtifact } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import type { Model } from '../model/schema.ts';
import { createPredictor, type Predictor } from './predictor.ts';

export interface ModelLocation {
  readonly directory: string;
  /** Absent in an image, where the folder is what the release baked and `/version` says which digest it has. */
  readonly digest?: string;
}

/** Folders of `modelsDir`, by name; what begins with a dot is somebody's unfinished work. */
export async function findModels(modelsDir: string): Promise<ModelLocation[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map(({ name }) => ({ directory: path.join(modelsDir, name) }));
}

/** @returns the predictors by name, each checked and warm. @throws AppError naming the model and the file. */
export async function loadModels(locations: readonly ModelLocation[]): Promise<Predictor[]> {
  if (locations.length === 0) {
    throw new AppError('artifact-incomplete', 'expected at least one model folder in MODELS_DIR, found none');
  }
  const predictors: Predictor[] = [];
  for (const { directory, digest } of locations) {
    const artifact = await readArtifact(directory, digest).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      throw new AppError(error.code, `${path.basename(directory)}: ${error.message}`, { cause: error });
    });
    predictors.push(createPredictor(artifact, compile(artifact)));
  }
  const names = predictors.map(({ model }) => model.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new AppError('artifact-damaged', `expected each model once, found two called ${twice}`);
  return predictors.sort((a, b) => (a.model.name < b.model.name ? -1 : 1));
}

/** What the models need and this environment lacks, in words; `undefined` when nothing is missing. */
export function missingSettings(
  models: readonly Pick<Model, 'name' | 'settings'>[],
  present: ReadonlySet<string>,
): string | undefined {
  const missing = models.flatMap(({ name, settings }) =>
    settings
      .filter((setting) => !present.has(setting.name))
      .map((setting) => `model ${name} needs the setting ${setting.name} (${setting.why}), which is not set here`),
  );
  return missing.length === 0 ? undefined : `${missing.join('; ')}; add it to env or secrets in the stack file`;
}
