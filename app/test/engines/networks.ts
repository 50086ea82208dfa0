// Networks for tests of engines: small ones, trained for a moment by TensorFlow.js, whose answers are the right ones; and of any width, never trained.
import { compile } from '../../engines/compiled.ts';
import type { CheckableModel, NetworkOf } from '../../engines/engine.ts';
import type { Artifact } from '../../model/artifact.ts';
import { goldenSchema } from '../../model/golden.ts';
import { randomFrom } from '../../model/random.ts';
import { modelSchema } from '../../model/schema.ts';
import { trainNetwork } from '../../training/network.ts';

/** @param widths of the inputs, the layers between, and the outputs. */
export async function network(widths: number[], task: 'classification' | 'regression') {
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

/** Rectifiers between, and weights as training begins with (Glorot's). @param last the activation of the last layer. */
export function untrained(widths: readonly number[], last: string, seed: number): NetworkOf {
  const random = randomFrom(seed);
  const shapes = widths.slice(1).map((outputs, index) => [widths[index] ?? 0, outputs] as const);
  const layers = shapes.map(([, units], index) => ({
    class_name: 'Dense',
    config: { name: `layer${index}`, units, activation: index === shapes.length - 1 ? last : 'relu' },
  }));
  const weights = shapes.flatMap(([inputs, outputs], index) => [
    { name: `layer${index}/kernel`, shape: [inputs, outputs], dtype: 'float32' },
    { name: `layer${index}/bias`, shape: [outputs], dtype: 'float32' },
  ]);
  const values = shapes.flatMap(([inputs, outputs]) => {
    const limit = Math.sqrt(6 / (inputs + outputs));
    return Array.from({ length: (inputs + 1) * outputs }, () => (random() * 2 - 1) * limit);
  });
  return {
    network: JSON.stringify({
      modelTopology: { class_name: 'Sequential', config: { layers } },
      weightsManifest: [{ paths: ['weights.bin'], weights }],
    }),
    weights: Float32Array.from(values),
  };
}

/** As many rows as asked, each number about as far from zero as one that training scaled. */
export function inputsOf(width: number, rows: number, seed: number): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length: rows * width }, () => random() * 4 - 2);
}

/** A regression whose golden answers are those of training, asked for as closely as models ever were. @param std of its target, around 0. */
export function regression(widths: readonly number[], std: number, seed: number): Artifact {
  const network = untrained(widths, 'linear', seed);
  const [width = 0] = widths;
  const rows = 24;
  const inputs = inputsOf(width, rows, seed + 1);
  const answers = compile(network).run(inputs, rows);
  const names = Array.from({ length: width }, (_, index) => `f${index}`);
  return {
    ...network,
    digest: `sha256:${'0'.repeat(64)}`,
    profile: '{}',
    model: {
      schema: modelSchema,
      name: 'untrained',
      task: 'regression',
      inputs: names.map((name) => ({ name, kind: 'numeric', missing: 'refuse', range: [-2, 2], mean: 0, std: 1 })),
      value: { mean: 0, std },
      format: 'tfjs-layers',
      metrics: { heldOutRows: 0, estimates: {} },
      data: { digest: `sha256:${'0'.repeat(64)}`, rows, schema: [] },
      settings: [],
    },
    golden: {
      schema: goldenSchema,
      tolerance: 1e-6,
      cases: Array.from({ length: rows }, (_, row) => ({
        input: Object.fromEntries(names.map((name, index) => [name, inputs[row * width + index]])),
        output: { value: (answers[row] ?? 0) * std },
      })),
    },
  };
}

/** The same model with golden answers that only an engine gives which rounds as training does. */
export function exacting<Model extends CheckableModel>(artifact: Model): Model {
  return { ...artifact, golden: { ...artifact.golden, tolerance: Number.MIN_VALUE } };
}
