import { describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import { trainNetwork } from '../../training/network.ts';
import { randomFrom } from '../../training/random.ts';

async function network(widths: number[], task: 'classification' | 'regression') {
  const [inputWidth = 0, ...hidden] = widths;
  const outputWidth = hidden.pop() ?? 0;
  const random = randomFrom(7);
  const rows = 24;
  const inputs = Float32Array.from({ length: rows * inputWidth }, () => random() * 6 - 3);
  const targets = Float32Array.from({ length: rows * outputWidth }, (_, index) => (index % outputWidth === 0 ? 1 : 0));
  const plan = { inputWidth, hidden, outputWidth, task, epochs: 2, batchSize: 8, learningRate: 0.01, seed: 3 };
  const trained = await trainNetwork(plan, inputs, targets, random, () => {});
  const saved = await trained.save();
  const weights = new Float32Array(
    saved.weights.buffer.slice(saved.weights.byteOffset, saved.weights.byteOffset + saved.weights.byteLength),
  );
  return { trained, inputs, rows, network: saved.network, weights };
}

describe('the compiled engine', () => {
  it.each([
    ['one layer', [3, 2], 'classification'],
    ['the wine network', [13, 32, 16, 3], 'classification'],
    // Wider than the 48 products after which the cpu backend rounds.
    ['wide layers', [64, 100, 97, 10], 'classification'],
    ['a regression', [5, 50, 1], 'regression'],
  ] as const)('answers as TensorFlow.js does, bit for bit: %s', async (_name, widths, task) => {
    const { trained, inputs, rows, ...saved } = await network([...widths], task);
    const engine = compile(saved);
    expect([...engine.run(inputs, rows)]).toEqual([...trained.predict(inputs, rows)]);
    const last = inputs.slice((rows - 1) * engine.inputWidth);
    expect([...engine.run(last, 1)]).toEqual([...trained.predict(last, 1)]);
    trained.dispose();
  });

  it('refuses a network it cannot run, and says why', async () => {
    const { trained, network: text, weights } = await network([3, 4, 2], 'classification');
    trained.dispose();
    const refused =
      (changed: string, values = weights) =>
      () =>
        compile({ network: changed, weights: values });
    expect(refused(text.replace('"softmax"', '"swish"'))).toThrow(/activation.*found "swish"/);
    expect(refused(text.replaceAll('"Dense"', '"LSTM"'))).toThrow(/dense layers, found "LSTM"/);
    expect(refused(text.replace('"Sequential"', '"Functional"'))).toThrow(/chain of layers/);
    expect(refused(text.replace('"float32"', '"int32"').replace('"float32"', '"int32"'))).toThrow(/float32/);
    expect(refused(text, weights.slice(1))).toThrow(/26 weights.*found 25/);
  });
});
