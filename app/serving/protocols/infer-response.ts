// Writes an Open Inference answer: JSON tensors, or a JSON header with the binary ones behind it.
import type { PredictionRow } from '../../model/prediction.ts';
import type { Model } from '../../model/schema.ts';
import type { Predictor } from '../predictor.ts';
import { type Element, writeBinary } from './datatypes.ts';
import type { InferRequest, WantedOutput } from './infer-request.ts';

export interface InferAnswer {
  readonly header: object;
  /** Empty when every tensor is in the header. */
  readonly binary: readonly Buffer[];
}

export function inferAnswer(
  { model, version }: Predictor,
  rows: readonly PredictionRow[],
  { id, outputs }: InferRequest,
): InferAnswer {
  const binary: Buffer[] = [];
  const tensors = outputs.map((output) => {
    const { name, datatype, width, elements } = tensorOf(output, model, rows);
    const head = { name, datatype, shape: [rows.length, width] };
    if (!output.binary) return { ...head, data: elements };
    const bytes = writeBinary(elements, datatype);
    binary.push(bytes);
    return { ...head, parameters: { binary_data_size: bytes.length } };
  });
  return {
    header: {
      model_name: model.name,
      model_version: version,
      ...(id === undefined ? {} : { id }),
      outputs: tensors,
    },
    binary,
  };
}

function tensorOf({ tensor, classes }: WantedOutput, model: Model, rows: readonly PredictionRow[]) {
  const { name, datatype, width } = tensor;
  const elements = tensor.elements(rows);
  if (classes === 0 || model.task !== 'classification') return { name, datatype, width, elements };
  const shown = Math.min(classes, width);
  return { name, datatype: 'BYTES', width: shown, elements: likeliest(elements, width, shown, model) };
}

/** https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md */
function likeliest(elements: readonly Element[], width: number, shown: number, model: Model): string[] {
  const labels = model.task === 'classification' ? model.classes.map(({ label }) => String(label)) : [];
  const found: string[] = [];
  for (let from = 0; from < elements.length; from += width) {
    const scores = elements.slice(from, from + width).map(Number);
    const order = scores.map((_, index) => index).sort((a, b) => Number(scores[b]) - Number(scores[a]));
    for (const index of order.slice(0, shown)) found.push(`${scores[index]}:${index}:${labels[index]}`);
  }
  return found;
}
