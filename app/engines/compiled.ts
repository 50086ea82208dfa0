// The `compiled` engine: the network as a chain of plain loops, specialised for its layers when it is loaded.
// It rounds to 32 bits wherever TensorFlow.js on its cpu backend does, so that both give the same answer, bit for bit.
import type { EngineFactory } from './engine.ts';
import { type Activation, type DenseLayer, parseLayersNetwork } from './layers-network.ts';

/** Sums are rounded to 32 bits after this many products: the cpu backend's `blockSize`. */
const blockSize = 48;

export const compile: EngineFactory = ({ network, weights }) => {
  const layers = parseLayersNetwork(network, weights);
  const steps = layers.map(stepOf);
  const inputWidth = layers[0]?.inputWidth ?? 0;
  const outputWidth = layers.at(-1)?.outputWidth ?? 0;
  let output = new Float32Array(outputWidth);

  return {
    name: 'compiled',
    inputWidth,
    outputWidth,
    run(inputs, rows) {
      if (output.length !== rows * outputWidth) output = new Float32Array(rows * outputWidth);
      for (let row = 0; row < rows; row++) {
        let values = inputs;
        let offset = row * inputWidth;
        for (const step of steps) {
          values = step(values, offset);
          offset = 0;
        }
        output.set(values, row * outputWidth);
      }
      return output;
    },
  };
};

/** One layer applied to one row; the array answered is the step's own. */
type Step = (values: Float32Array, offset: number) => Float32Array;

function stepOf({ inputWidth, outputWidth, kernel, bias, activation }: DenseLayer): Step {
  const output = new Float32Array(outputWidth);
  const activate = activationOf[activation];

  return (values, offset) => {
    for (let column = 0; column < outputWidth; column++) {
      const start = column * inputWidth;
      let total = 0;
      for (let from = 0; from < inputWidth; from += blockSize) {
        const to = Math.min(from + blockSize, inputWidth);
        let sum = 0;
        for (let index = from; index < to; index++) sum += at(values, offset + index) * at(kernel, start + index);
        total = Math.fround(total + sum);
      }
      output[column] = total + at(bias, column);
    }
    activate(output);
    return output;
  };
}

/** The loops never leave the array, which the compiler can't see. */
function at(values: Float32Array, index: number): number {
  return values[index] as number;
}

const activationOf: Readonly<Record<Activation, (values: Float32Array) => void>> = {
  linear() {},
  relu: (values) => each(values, (value) => Math.max(0, value)),
  sigmoid: (values) => each(values, (value) => 1 / (1 + Math.exp(-value))),
  tanh: (values) => each(values, Math.tanh),
  softmax(values) {
    let largest = Number.NEGATIVE_INFINITY;
    for (const value of values) largest = Math.max(largest, value);
    each(values, (value) => Math.exp(Math.fround(value - largest)));
    let sum = 0;
    for (const value of values) sum += value;
    const total = Math.fround(sum);
    each(values, (value) => value / total);
  },
};

function each(values: Float32Array, change: (value: number) => number): void {
  for (let index = 0; index < values.length; index++) values[index] = change(at(values, index));
}
