// One of the two models that are compared, ready to answer: every byte checked, and its golden answers given.
import { compile } from '../engines/compiled.ts';
import type { Engine } from '../engines/engine.ts';
import { readArtifact } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { type Features, featuresOf } from '../model/features.ts';
import { differenceOf, scaleOf } from '../model/golden.ts';
import { type Outputs, outputsOf, type PredictionRow } from '../model/prediction.ts';
import type { Model } from '../model/schema.ts';
import { readTrainingRows } from '../model/training-rows.ts';

export interface Contestant {
  readonly model: Model;
  readonly digest: string;
  readonly features: Features;
  readonly outputs: Outputs;
  readonly engine: Engine;
  /** Fingerprints of the rows it was trained on; absent where nobody recorded them. */
  readonly seen?: ReadonlySet<number>;
}

/**
 * @param role `running` or `candidate`, for the errors.
 * @throws AppError `artifact-incomplete`, `artifact-damaged`, `network-unsupported`, `golden-mismatch`.
 */
export async function openContestant(role: string, directory: string): Promise<Contestant> {
  try {
    const artifact = await readArtifact(directory);
    const seen = await readTrainingRows(directory);
    const { model, digest, golden } = artifact;
    const contestant: Contestant = {
      model,
      digest,
      features: featuresOf(model.inputs),
      outputs: outputsOf(model),
      engine: compile(artifact),
      ...(seen === undefined ? {} : { seen }),
    };
    for (const [index, { input, output }] of golden.cases.entries()) {
      const difference = differenceOf(output, answer(contestant, input), golden.tolerance, scaleOf(model));
      if (difference !== undefined) throw new AppError('golden-mismatch', `golden case ${index}, ${difference}`);
    }
    return contestant;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError(cause.code, `the ${role} model in ${directory}: ${cause.message}`, { cause });
  }
}

function answer({ features, outputs, engine }: Contestant, record: object): PredictionRow {
  const inputs = new Float32Array(features.width);
  features.write(record, inputs, 0);
  return outputs.row(engine.run(inputs, 1), 0) ?? {};
}

/** @throws AppError `data-invalid` for two models that do not answer the same kind of question. */
export function assertComparable(running: Contestant, candidate: Contestant): void {
  if (running.model.task === candidate.model.task) return;
  throw new AppError(
    'data-invalid',
    `expected two models of one task, found a ${running.model.task} running and a ${candidate.model.task} as candidate`,
  );
}

/** The column that training called the label. */
export function labelOf({ model }: Contestant): string | undefined {
  return model.data.schema.find(({ kind }) => kind === 'label')?.column;
}

/** Classes as text: what a table, a cost matrix and a CSV file call them. */
export function classesOf({ model }: Contestant): readonly string[] {
  return model.task === 'classification' ? model.classes.map(({ label }) => String(label)) : [];
}
