// The `compiled` engine: the network as a chain of plain loops, specialised for its layers when it is loaded.
// It rounds to 32 bits wherever TensorFlow.js on its cpu backend does, so that both give the same answer, bit for bit.
import { activationOf, at } from './activations.ts';
import type { EngineFactory } from './engine.ts';
import { type DenseLayer, parseLayersNetwork } from './layers-network.ts';

/** Sums are rounded to 32 bits after this many products: the cpu backend's `blockSize`. */
const blockSize = 48;

/** Outputs computed side by side: each keeps its own order of sums, and the processor has work while one waits for the last addition. */
const lanes = 4;

export const compile: EngineFactory = ({ network, weights }) => {
  const layers = parseLayersNetwork(network, weights);
  const steps = layers.map(stepOf);
  const inputWidth = layers[0]?.inputWidth ?? 0;
  const outputWidth = layers.at(-1)?.outputWidth ?? 0;
  let room = new Float32Array(outputWidth);
  let output = room;

  return {
    name: 'compiled',
    inputWidth,
    outputWidth,
    run(inputs, rows) {
      const size = rows * outputWidth;
      if (room.length < size) room = new Float32Array(size);
      if (output.length !== size || output.buffer !== room.buffer) output = room.subarray(0, size);
      for (let row = 0; row < rows; row++) {
        let values = inputs;
        let offset = row * inputWidth;
        for (let index = 0; index < steps.length; index++) {
          values = (steps[index] as Step)(values, offset);
          offset = 0;
        }
        const start = row * outputWidth;
        for (let column = 0; column < outputWidth; column++) output[start + column] = at(values, column);
      }
      return output;
    },
  };
};

/** One layer applied to one row; the array answered is the step's own. */
type Step = (values: Float32Array, offset: number) => Float32Array;

function stepOf({ inputWidth, outputWidth, kernel, bias, activation }: DenseLayer): Step {
  const padded = Math.ceil(outputWidth / lanes) * lanes;
  // One place more for each column that fills up the last group of lanes; nobody reads it.
  const room = new Float32Array(padded);
  const output = room.subarray(0, outputWidth);
  const biases = new Float64Array(padded);
  biases.set(bias);
  const woven = weave(kernel, inputWidth, outputWidth);
  const isRelu = activation === 'relu';
  const activate = activationOf[activation];
  const multiply = multiplierOf(inputWidth, padded, isRelu);

  return (values, offset) => {
    multiply(values, offset, woven, biases, room);
    // A rectifier is applied while the sums are stored.
    if (!isRelu) activate(output, 0, outputWidth);
    return output;
  };
}

type Multiply = (
  values: Float32Array,
  offset: number,
  woven: Float64Array,
  biases: Float64Array,
  target: Float32Array,
) => void;

/**
 * A row times a kernel, written out for its widths: three times as fast as loops over them. Nothing but the widths goes into
 * the text; its length does not grow with the layer beyond one block.
 */
function multiplierOf(inputWidth: number, padded: number, isRelu: boolean): Multiply {
  const rest = inputWidth % blockSize;
  const whole = inputWidth - rest;
  const names = ['a', 'b', 'c', 'd'];
  const reads = (width: number, from: string) =>
    Array.from({ length: width }, (_, index) => `const v${index} = values[${from} + ${index}];`).join(' ');
  const sums = (width: number) =>
    names
      .map((name, lane) => {
        const products = Array.from({ length: width }, (_, index) => `v${index} * woven[k + ${index * lanes + lane}]`);
        return `${name} = Math.fround(${name} + (${products.join(' + ')}));`;
      })
      .join('\n');
  const block = (width: number, from: string) =>
    width === 0 ? '' : `{ ${reads(width, from)}\n${sums(width)}\nk += ${width * lanes}; }`;
  // What is no number stays so: it must not become a confident zero.
  const store = (name: string, lane: number) =>
    `${name} += biases[column + ${lane}]; target[column + ${lane}] = ${isRelu ? `${name} > 0 || ${name} !== ${name} ? ${name} : 0` : name};`;
  const text = `
    let k = 0;
    for (let column = 0; column < ${padded}; column += ${lanes}) {
      let a = 0, b = 0, c = 0, d = 0;
      ${whole === 0 ? '' : `for (let from = offset; from < offset + ${whole}; from += ${blockSize}) ${block(blockSize, 'from')}`}
      ${block(rest, `offset + ${whole}`)}
      ${names.map(store).join('\n')}
    }`;
  return new Function('values', 'offset', 'woven', 'biases', 'target', text) as Multiply;
}

/** The kernel in the order it is read: for each group of lanes, for each input, one number a lane. In 64 bits, so that none is converted on the way. */
function weave(kernel: Float32Array, inputWidth: number, outputWidth: number): Float64Array {
  const groups = Math.ceil(outputWidth / lanes);
  const woven = new Float64Array(groups * lanes * inputWidth);
  for (let column = 0; column < outputWidth; column++) {
    const [group, lane] = [Math.floor(column / lanes), column % lanes];
    for (let index = 0; index < inputWidth; index++) {
      woven[(group * inputWidth + index) * lanes + lane] = at(kernel, column * inputWidth + index);
    }
  }
  return woven;
}
