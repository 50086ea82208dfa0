// A benchmark of wrong answers is none: what it takes for right, in each protocol, and what it does not.
import { describe, expect, it } from 'vitest';
import { type Answer, expectEcho, expectGolden } from '../../../bench/serving/golden.ts';

const classes = [1, 2, 3];
const json = (value: unknown): Answer => ({ headers: new Headers(), body: Buffer.from(JSON.stringify(value)) });
const tensor = (name: string, data: readonly number[]) => json({ outputs: [{ name, datatype: 'FP64', data }] });
function binary(data: readonly number[]): Answer {
  const head = JSON.stringify({ outputs: [{ name: 'probabilities', datatype: 'FP32' }] });
  const headers = new Headers({ 'inference-header-content-length': String(head.length) });
  return { headers, body: Buffer.concat([Buffer.from(head), Buffer.from(new Float32Array(data).buffer)]) };
}

describe('the golden label', () => {
  it.each([
    ['/predict', json({ predictions: [{ label: 2 }, { label: 2 }] }), 2],
    ['one record', json({ label: 2 }), 1],
    ['Open Inference', tensor('probabilities', [0.1, 0.8, 0.1, 0, 1, 0]), 2],
    ['MLServer', tensor('predict_proba', [0.1, 0.8, 0.1]), 1],
    ['binary tensors', binary([0.1, 0.8, 0.1, 0.2, 0.5, 0.3]), 2],
  ])('is found in %s', (_, answer, rows) => {
    expect(() => expectGolden(answer, { label: 2, classes, rows })).not.toThrow();
  });

  it.each([
    ['another label', json({ predictions: [{ label: 2 }, { label: 1 }] }), 'found [2,1] of 2'],
    ['too few rows', json({ predictions: [{ label: 2 }] }), 'found [2] of 1'],
    ['a label as text', json({ label: '2' }), 'found ["2"] of 1'],
    ['another class', tensor('probabilities', [0.1, 0.8, 0.1, 0.6, 0.3, 0.1]), 'found [2,1] of 2'],
    ['another in binary', binary([0.1, 0.8, 0.1, 0.6, 0.3, 0.1]), 'found [2,1] of 2'],
    ['no probabilities', tensor('label', [2, 2]), 'expected probabilities'],
  ])('is missed in %s', (_, answer, said) => {
    expect(() => expectGolden(answer, { label: 2, classes, rows: 2 })).toThrow(said);
  });
});

it('an echo says what it was sent', () => {
  const sent = Buffer.from('{"a": [1, 2]}');
  expect(() => expectEcho(json({ a: [1, 2] }), sent)).not.toThrow();
  expect(() => expectEcho(json({ a: [1] }), sent)).toThrow('expected the request back; found {"a":[1]}');
});
