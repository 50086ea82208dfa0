import { describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import { activations } from '../../engines/layers-network.ts';
import { vectorize } from '../../engines/simd/simd.ts';
import { randomFrom } from '../../model/random.ts';
import { inputsOf, network, untrained } from './networks.ts';

/** The largest distance, as golden answers measure it. */
function distance(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(
    ...Array.from(
      expected,
      (wanted, index) => Math.abs(wanted - (found[index] ?? Number.NaN)) / Math.max(1, Math.abs(wanted)),
    ),
  );
}

const goldenTolerance = 1e-6;

describe('the simd engine', () => {
  it.each([
    ['one layer', [3, 2], 'classification'],
    ['the wine network', [13, 32, 16, 3], 'classification'],
    ['whole panels', [8, 16, 8], 'classification'],
    ['one more than whole panels', [9, 17, 9], 'classification'],
    ['wide layers', [64, 100, 97, 10], 'classification'],
    ['a regression', [5, 50, 1], 'regression'],
  ] as const)('answers as TensorFlow.js does: %s', async (_name, widths, task) => {
    const { trained, inputs, rows, ...saved } = await network([...widths], task);
    const engine = vectorize(saved);
    const expected = [...trained.predict(inputs, rows)];
    expect(distance(expected, engine.run(inputs, rows))).toBeLessThan(goldenTolerance);
    trained.dispose();
  });

  it.each([
    [[512, 256, 1], 1],
    [[512, 256, 1], 2],
    [[2048, 64, 1], 1],
    [[2048, 64, 1], 2],
  ] as const)('loses no digits to the width of a layer: %j, seed %i', (widths, seed) => {
    const saved = untrained(widths, 'linear', seed);
    const inputs = inputsOf(widths[0], 64, seed);
    const expected = [...compile(saved).run(inputs, 64)];
    expect(distance(expected, vectorize(saved).run(inputs, 64))).toBeLessThan(goldenTolerance);
  });

  it('gives a row the same bits whatever it is asked together with', async () => {
    const { trained, inputs, rows, ...saved } = await network([13, 32, 16, 3], 'classification');
    trained.dispose();
    const engine = vectorize(saved);
    // More than one pass over the layers, and rows that fill no tile.
    const many = 24 * 13 + 7;
    const repeated = Float32Array.from({ length: many * 13 }, (_, index) => inputs[index % inputs.length] ?? 0);
    const alone = Array.from({ length: rows }, (_, row) => [...engine.run(inputs.subarray(row * 13), 1)]);
    const together = [...engine.run(repeated, many)];
    expect(together).toEqual(Array.from({ length: many }, (_, row) => alone[row % rows]).flat());
  });

  it.each(activations)('knows the activation %s', async (activation) => {
    const { trained, inputs, rows, network: text, weights } = await network([6, 10, 4], 'classification');
    trained.dispose();
    const saved = { network: text.replace('"relu"', `"${activation}"`), weights };
    expect(saved.network).toContain(`"activation": "${activation}"`);
    const expected = [...compile(saved).run(inputs, rows)];
    expect(distance(expected, vectorize(saved).run(inputs, rows))).toBeLessThan(goldenTolerance);
  });

  it('makes no number of what is none', async () => {
    const { trained, network: text, weights } = await network([6, 10, 4], 'classification');
    trained.dispose();
    const answers = vectorize({ network: text, weights }).run(new Float32Array(6).fill(Number.NaN), 1);
    expect([...answers].every(Number.isNaN)).toBe(true);
  });

  it('agrees with the compiled engine on networks of many shapes', async () => {
    const random = randomFrom(11);
    const width = () => 1 + Math.floor(random() * 40);
    for (let round = 0; round < 12; round++) {
      const { trained, inputs, rows, ...saved } = await network([width(), width(), width()], 'regression');
      trained.dispose();
      const expected = [...compile(saved).run(inputs, rows)];
      expect(distance(expected, vectorize(saved).run(inputs, rows))).toBeLessThan(goldenTolerance);
    }
  });
});
