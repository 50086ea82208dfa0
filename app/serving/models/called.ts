// Which model a request means: by name, and by version or label where it says one.
import { describe } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import { labelCalled, labelWords } from '../../model/labels.ts';
import type { Predictor } from '../predictor.ts';
import type { Served } from './served.ts';

/** No name: the model `/predict` answers with. Neither version nor label: the champion. */
export interface Asked {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
  /** An unknown one is told in the words that TensorFlow Serving's clients look for. */
  readonly inTensorflowWords?: boolean;
}

/** @throws AppError `model-unknown`. */
export function modelCalled(served: Served, asked: Asked): Predictor {
  const { name, version, label } = asked;
  const versions = name === undefined ? served.all : served.versionsOf(name);
  const [champion] = versions;
  if (champion === undefined)
    throw unknown(asked, `a model of this service (${served.names.join(', ') || 'none yet'})`);
  if (version !== undefined) {
    const found = versions.find((one) => one.version === version);
    if (found !== undefined) return found;
    const known = versions.map((one) => one.version).join(', ');
    throw unknown(asked, `a version of ${champion.model.name} that is served (${known})`);
  }
  if (label === undefined) return champion;
  const meant = labelCalled(label);
  const found = meant === undefined ? undefined : served.labelled(champion.model.name, meant);
  if (found !== undefined) return found;
  const words = labelWords.filter((word) => served.labelled(champion.model.name, labelCalled(word) ?? 'champion'));
  throw unknown(asked, `a label of ${champion.model.name} (${words.join(', ')})`);
}

function unknown({ name, version, label, inTensorflowWords }: Asked, expected: string): AppError {
  const found = describe(label ?? version ?? name);
  const words = version === undefined ? `Latest(${cut(name)})` : `Specific(${cut(name)}, ${cut(version)})`;
  const prefix = inTensorflowWords && label === undefined ? `Servable not found for request: ${words}; ` : '';
  return new AppError('model-unknown', `${prefix}expected ${expected}, found ${found}`);
}

function cut(name: string | undefined): string {
  return (name ?? '').slice(0, 64);
}
