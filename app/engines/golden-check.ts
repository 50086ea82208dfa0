// Does an engine compute this model as training did? Asked with the golden records, each alone and all at once.
import type { Artifact } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { featuresOf } from '../model/features.ts';
import { differenceOf, scaleOf } from '../model/golden.ts';
import { outputsOf } from '../model/prediction.ts';
import type { Engine } from './engine.ts';

/** @throws AppError `golden-mismatch` with the first difference; `network-unsupported` when its widths are not the model's. */
export function checkGolden({ model, golden }: Pick<Artifact, 'model' | 'golden'>, engine: Engine): void {
  const features = featuresOf(model.inputs);
  const outputs = outputsOf(model);
  if (engine.inputWidth !== features.width || engine.outputWidth !== outputs.width) {
    throw new AppError(
      'network-unsupported',
      `network.json: expected ${features.width} numbers in and ${outputs.width} out, as model.json says, found ${engine.inputWidth} and ${engine.outputWidth}`,
    );
  }
  const { cases, tolerance } = golden;
  const scale = scaleOf(model);
  const inputs = new Float32Array(cases.length * features.width);
  for (const [index, { input }] of cases.entries()) {
    const [fault] = features.write(input, inputs, index * features.width);
    if (fault !== undefined) throw new AppError('golden-mismatch', `golden case ${index}: ${fault}`);
  }
  const check = (index: number, answers: Float32Array, row: number) => {
    const found = outputs.row(answers, row * outputs.width);
    const expected = cases[index]?.output ?? {};
    const difference =
      found === undefined
        ? 'expected a finite prediction, found none'
        : differenceOf(expected, found, tolerance, scale);
    if (difference === undefined) return;
    throw new AppError(
      'golden-mismatch',
      `golden case ${index}, ${difference}; engine \`${engine.name}\` does not compute this model as training did`,
    );
  };
  for (const index of cases.keys()) check(index, engine.run(inputs.subarray(index * features.width), 1), 0);
  const together = engine.run(inputs, cases.length);
  for (const index of cases.keys()) check(index, together, index);
}
