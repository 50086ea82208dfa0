import { describe, expect, it } from 'vitest';
import { outputsOf } from '../../model/prediction.ts';
import type { Model } from '../../model/schema.ts';
import { answerTextOf } from '../../serving/answer-text.ts';

const classifier = {
  name: 'half',
  task: 'classification',
  classes: [
    { label: 'ja "so"', slug: 'ja' },
    { label: 2, slug: 'two' },
    { label: true, slug: 'yes' },
  ],
} as unknown as Model;
const regressor = { name: 'half', task: 'regression', value: { mean: 10, std: 4 } } as unknown as Model;

describe.each([
  ['a classifier', classifier, [0.1, 0.2, 0.7, 0.5, 0.5, 0, 1e-30, 1, 0, -0, 0, 0]],
  ['a regressor', regressor, [0.5, -2.5, 1e-20, -0, 3e38]],
] as const)('the text of %s', (_name, model, numbers) => {
  const values = Float32Array.from(numbers);
  const outputs = outputsOf(model);
  const text = answerTextOf(model, 'v', 'sha256:d');

  it('is what the rows as objects would be', () => {
    const rows = values.length / outputs.width;
    const seen: unknown[] = [];
    const whole = text.opening + text.rows(values, 0, rows, (...noted) => seen.push(noted)) + text.closing;
    const expected = Array.from({ length: rows }, (_, row) => outputs.row(values, row * outputs.width));
    const { model: named, predictions } = JSON.parse(whole);
    expect(named).toEqual({ name: 'half', version: 'v', digest: 'sha256:d' });
    for (const prediction of predictions) expect(prediction.predictionId).toMatch(/^[0-9a-f-]{36}$/);
    const bare = predictions.map(({ predictionId: _, ...row }: { predictionId: string }) => row);
    expect(JSON.stringify(bare)).toBe(JSON.stringify(expected));
    expect(seen).toEqual(expected.map((row) => [row?.label, row?.confidence]));
  });

  it('is none when a number is not finite, wherever it stands', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (let at = 0; at < values.length; at++) {
        const spoilt = values.slice();
        spoilt[at] = bad;
        expect(text.rows(spoilt, 0, values.length / outputs.width)).toBeUndefined();
      }
    }
  });
});
