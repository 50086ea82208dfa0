// What is measured: an image of this checkout, and the first of the models in it with a record whose answer is known.
import path from 'node:path';
import { readArtifact } from '../../app/model/artifact.ts';
import { ensureModels } from '../../app/training/ensure.ts';
import type { Expected } from './golden.ts';
import { type Unpacked, unpackedImage } from './image.ts';

const project = path.join(import.meta.dirname, '..', '..');

export interface Locked {
  readonly name: string;
  readonly directory: string;
  /** A record that it takes. */
  readonly record: Readonly<Record<string, unknown>>;
  /** What it answers to that. */
  readonly golden: Omit<Expected, 'rows'>;
}

/** @param work an empty folder. @throws Error where the first of them is no classifier: the peers serve nothing else. */
export async function preparedImage(
  work: string,
  talk: (line: string) => void,
): Promise<{ model: Locked; image: Unpacked }> {
  const places = {
    problemFile: path.join(project, 'problem.yaml'),
    store: path.join(project, '.trireme', 'models'),
    lockFile: path.join(project, 'model.lock.json'),
  };
  const locked = await ensureModels(places, talk, () => {});
  const [first] = locked;
  if (first === undefined) throw new Error('expected a model in model.lock.json; found none');
  const models = locked.map(({ directory, ...model }) => ({ ...model, folder: directory }));
  const { name, directory } = first;
  const { golden, model } = await readArtifact(directory);
  const [example] = golden.cases;
  if (example === undefined || model.task !== 'classification')
    throw new Error(`expected a classifier first in model.lock.json; found ${model.task}`);
  const { input: record, output } = example;
  const labels = model.classes.map(({ label }) => label);
  return {
    model: { name, directory, record, golden: { label: output.label, classes: labels } },
    image: await unpackedImage(work, models),
  };
}
