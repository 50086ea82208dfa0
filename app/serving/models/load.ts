// Loads every model this service is to serve, or says why it must not become ready.
import path from 'node:path';
import { type EngineSetting, loadEngine } from '../../engines/load.ts';
import { readArtifact } from '../../model/artifact.ts';
import { describe } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Model } from '../../model/schema.ts';
import type { AnswerCaches } from '../cache/caches.ts';
import { createPredictor, type Predictor } from '../predictor.ts';
import type { ModelLocation } from './locate.ts';
import { type LabelledModel, Served } from './served.ts';

/**
 * @param known predictors that were loaded before: what has not changed is not loaded again.
 * @returns every model checked and warm. @throws AppError naming the model and the file.
 */
export async function loadModels(
  locations: readonly ModelLocation[],
  engine: EngineSetting = 'auto',
  known: readonly Predictor[] = [],
  caches?: AnswerCaches,
): Promise<Served> {
  if (locations.length === 0) {
    throw new AppError('artifact-incomplete', 'expected at least one model folder in MODELS_DIR, found none');
  }
  const models: LabelledModel[] = [];
  for (const { directory, name, digest, label = 'champion' } of locations) {
    const before = known.find((one) => one.digest === digest);
    const predictor = before ?? (await loadOne(directory, digest, engine, caches));
    if (name !== undefined && name !== predictor.model.name) {
      throw new AppError('artifact-damaged', `expected the model ${name}, found ${describe(predictor.model.name)}`);
    }
    models.push({ predictor, label });
  }
  return Served.of(models);
}

async function loadOne(
  directory: string,
  digest: string | undefined,
  setting: EngineSetting,
  caches: AnswerCaches | undefined,
): Promise<Predictor> {
  const artifact = await readArtifact(directory, digest).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `${path.basename(directory)}: ${error.message}`, { cause: error });
  });
  const engine = await loadEngine(artifact, setting);
  if (caches === undefined) return createPredictor(artifact, engine);
  const { predictions, explanations } = caches;
  const cached = (await import('../cache/cached-engine.ts')).cachedEngine(engine, artifact.digest, predictions);
  const predictor = createPredictor(artifact, engine, { engine: cached.engine, explanations });
  cached.begin();
  return predictor;
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
