// Small networks for tests of engines, trained for a moment by TensorFlow.js, whose answers are the right ones.

import { randomFrom } from '../../model/random.ts';
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
