// Data to model artifact, reproducibly: the same data and the same problem make the same bytes, on any machine.
import path from 'node:path';
import type { ArtifactContents } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { type Features, featuresOf } from '../model/features.ts';
import { type Golden, goldenSchema, goldenTolerances } from '../model/golden.ts';
import { outputsOf, type PredictionRow } from '../model/prediction.ts';
import { momentsOf, profileOf } from '../model/profile.ts';
import { randomFrom } from '../model/random.ts';
import { type Label, type Model, type ModelClass, modelSchema } from '../model/schema.ts';
import { trainingRowsFile, trainingRowsOf } from '../model/training-rows.ts';
import { cardOf } from './card.ts';
import { type Dataset, inputsOf, type Row, readDataset } from './dataset.ts';
import { evaluateClassifier, evaluateRegressor } from './evaluation.ts';
import { type TrainedNetwork, trainNetwork } from './network.ts';
import type { Problem } from './problem.ts';
import { split } from './split.ts';

const goldenCases = 20;

export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Mean over the rows trained on: it falls while the network learns. */
  readonly loss: number;
}
export interface Trained {
  readonly model: Model;
  /** Ready to be written with `writeArtifact`. */
  readonly contents: ArtifactContents;
}

/** @throws AppError `data-invalid`, or `acceptance-failed` when the model is worse than the problem accepts. */
export async function train(problem: Problem, progress: (now: TrainingProgress) => void = () => {}): Promise<Trained> {
  const dataset = await readDataset(problem);
  const random = randomFrom(problem.seed);
  const parts = split(dataset.rows, problem.heldOut, problem.task === 'classification', random);
  const untested = describeModel(problem, dataset, parts.training);
  const features = featuresOf(untested.inputs);
  const { width: outputWidth } = outputsOf(untested);
  const { layers: hidden, ...how } = problem.network;

  const network = await trainNetwork(
    { ...how, hidden, inputWidth: features.width, outputWidth, task: problem.task, seed: problem.seed },
    vectorsOf(features, parts.training),
    targetsOf(untested, parts.training),
    random,
    (epoch, loss) => progress({ epoch, epochs: how.epochs, loss }),
  );
  const heldOut = predict(network, untested, features, parts.heldOut);
  const model = {
    ...untested,
    metrics: { heldOutRows: heldOut.length, estimates: estimate(parts.heldOut, heldOut, problem) },
  };
  accept(model, problem);
  const golden = goldenOf(network, model, features, [...parts.heldOut, ...parts.training]);
  const saved = await network.save();
  network.dispose();

  const profile = profileOf(
    model.inputs,
    parts.training.map(({ record }) => record),
    parts.training.map(({ label }) => label),
    problem.task,
  );
  const contents: ArtifactContents = {
    'model.json': pretty(model),
    'network.json': saved.network,
    'weights.bin': saved.weights,
    'profile.json': pretty(profile),
    'golden.json': pretty(golden),
    'card.md': cardOf(model, problem, path.basename(problem.data)),
    [trainingRowsFile]: trainingRowsOf(dataset.columns, parts.training),
  };
  return { model, contents };
}

function describeModel(problem: Problem, dataset: Dataset, rows: readonly Row[]): Model {
  const common = {
    schema: modelSchema,
    name: problem.name,
    inputs: inputsOf(dataset, rows, problem),
    format: 'tfjs-layers',
    metrics: { heldOutRows: 0, estimates: {} },
    data: { digest: dataset.digest, rows: dataset.rows.length, schema: dataset.columns },
    settings: problem.settings,
  } as const;
  if (problem.task === 'classification') return { ...common, task: 'classification', classes: classesOf(dataset.rows) };
  const { mean, std } = momentsOf(rows.map(({ label }) => Number(label)));
  return { ...common, task: 'regression', value: { mean, std: std || 1 } };
}

/** Sorted by label; two labels that differ in signs only (`a-b`, `a b`) get numbered slugs. */
export function classesOf(rows: readonly Pick<Row, 'label'>[]): ModelClass[] {
  const labels = [...new Set(rows.map(({ label }) => label))].sort((a, b) => (a < b ? -1 : 1));
  const taken = new Set<string>();
  return labels.map((label) => {
    const word = String(label)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_|_$/g, '');
    let slug = word || 'class';
    for (let count = 2; taken.has(slug); count++) slug = `${word || 'class'}_${count}`;
    taken.add(slug);
    return { label, slug };
  });
}

function vectorsOf(features: Features, rows: readonly Row[]): Float32Array {
  const vectors = new Float32Array(rows.length * features.width);
  for (const [index, { record }] of rows.entries()) {
    const [fault] = features.write(record, vectors, index * features.width);
    if (fault !== undefined)
      throw new AppError('data-invalid', `expected rows a model can take, found one with: ${fault}`);
  }
  return vectors;
}

function targetsOf(model: Model, rows: readonly Row[]): Float32Array {
  if (model.task === 'regression') {
    return Float32Array.from(rows, ({ label }) => (Number(label) - model.value.mean) / model.value.std);
  }
  const targets = new Float32Array(rows.length * model.classes.length);
  const positions = new Map(model.classes.map(({ label }, index) => [label, index]));
  for (const [index, { label }] of rows.entries())
    targets[index * model.classes.length + (positions.get(label) ?? 0)] = 1;
  return targets;
}

function predict(network: TrainedNetwork, model: Model, features: Features, rows: readonly Row[]): PredictionRow[] {
  const outputs = outputsOf(model);
  const answers = network.predict(vectorsOf(features, rows), rows.length);
  return rows.map((_, index) => {
    const row = outputs.row(answers, index * outputs.width);
    if (row === undefined) {
      throw new AppError(
        'acceptance-failed',
        'expected finite predictions, found others: training diverged; lower network.learningRate',
      );
    }
    return row;
  });
}

function estimate(
  rows: readonly Row[],
  found: readonly PredictionRow[],
  problem: Problem,
): Model['metrics']['estimates'] {
  const expected = rows.map(({ label }) => label);
  if (problem.task === 'classification') {
    return evaluateClassifier(
      expected,
      found.map(({ label }): Label => label ?? ''),
    );
  }
  // A sequence of its own: how many intervals are asked for must not change the network.
  const random = randomFrom(problem.seed + 1);
  return evaluateRegressor(
    expected.map(Number),
    found.map(({ value }) => Number(value)),
    random,
  );
}

function accept(model: Model, { acceptance: { metric, atLeast } }: Problem): void {
  const found = model.metrics.estimates[metric]?.value ?? 0;
  if (found >= atLeast) return;
  throw new AppError(
    'acceptance-failed',
    `expected ${metric} of at least ${atLeast} on ${model.metrics.heldOutRows} held-out rows, found ${found.toFixed(3)}; no model was written: give it better data, other epochs or layers, or accept less in the problem file`,
  );
}

function goldenOf(network: TrainedNetwork, model: Model, features: Features, rows: readonly Row[]): Golden {
  const chosen = rows.slice(0, goldenCases);
  const found = predict(network, model, features, chosen);
  const cases = chosen.map(({ record }, index) => ({ input: record, output: found[index] ?? {} }));
  return { schema: goldenSchema, tolerance: goldenTolerances[model.task], cases };
}

function pretty(document: unknown): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}
