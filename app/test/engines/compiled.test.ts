import { describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import { network } from './networks.ts';

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
