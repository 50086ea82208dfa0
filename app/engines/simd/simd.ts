// The `simd` engine: a chain of dense layers as vector loops in WebAssembly. Nothing to install, and ready in a millisecond.
import { activationOf, at } from '../activations.ts';
import type { EngineFactory } from '../engine.ts';
import { type DenseLayer, parseLayersNetwork } from '../layers-network.ts';
import { denseLoops, panelColumns } from './dense.ts';

/** Rows of one pass over the layers: what lies between two layers stays in the processor's cache. */
const passRows = 128;
const floatBytes = 4;

export const vectorize: EngineFactory = ({ network, weights }) => {
  const layers = parseLayersNetwork(network, weights);
  const inputWidth = layers[0]?.inputWidth ?? 0;
  const outputWidth = layers.at(-1)?.outputWidth ?? 0;
  const packed = layers.map(packedLayer);

  // The weights, then two rooms for what goes from layer to layer.
  const weightCount = packed.reduce((sum, layer) => sum + layer.length, 0);
  const widest = Math.max(inputWidth, ...layers.map(paddedWidth));
  const roomCount = passRows * widest;
  const { dense, memory } = denseLoops((weightCount + 2 * roomCount) * floatBytes);
  const numbers = new Float32Array(memory);
  let end = 0;
  const placed = layers.map((layer, index) => {
    const values = packed[index] ?? new Float32Array();
    numbers.set(values, end);
    end += values.length;
    return { ...layer, at: end - values.length, width: paddedWidth(layer), activate: activationOf[layer.activation] };
  });
  const rooms = [weightCount, weightCount + roomCount] as const;
  let output = new Float32Array(outputWidth);

  /** Up to `passRows` rows. @returns where the answers of the last layer begin. */
  function pass(rows: number): number {
    let from: number = rooms[0];
    let to: number = rooms[1];
    let stride = inputWidth;
    for (const { at: weightsAt, width, outputWidth: columns, inputWidth: inputs, activation, activate } of placed) {
      const [x, w, y] = [from * floatBytes, weightsAt * floatBytes, to * floatBytes];
      const isRelu = activation === 'relu' ? 1 : 0;
      dense(x, stride * floatBytes, w, y, width * floatBytes, rows, inputs, width / panelColumns, isRelu);
      if (isRelu === 0 && activation !== 'linear') {
        for (let row = 0; row < rows; row++) activate(numbers, to + row * width, to + row * width + columns);
      }
      stride = width;
      [from, to] = [to, from];
    }
    return from;
  }

  return {
    name: 'simd',
    inputWidth,
    outputWidth,
    run(inputs, rows) {
      if (output.length !== rows * outputWidth) output = new Float32Array(rows * outputWidth);
      const width = placed.at(-1)?.width ?? 0;
      for (let first = 0; first < rows; first += passRows) {
        const count = Math.min(passRows, rows - first);
        const start = first * inputWidth;
        for (let index = 0; index < count * inputWidth; index++) numbers[rooms[0] + index] = at(inputs, start + index);
        const answers = pass(count);
        for (let row = 0; row < count; row++) {
          const target = (first + row) * outputWidth;
          for (let column = 0; column < outputWidth; column++)
            output[target + column] = at(numbers, answers + row * width + column);
        }
      }
      return output;
    },
  };
};

/** With the columns that fill up its last panel. */
function paddedWidth({ outputWidth }: DenseLayer): number {
  return Math.ceil(outputWidth / panelColumns) * panelColumns;
}

/** Panel after panel as `dense.ts` reads them: the biases, then for each input its weights. What fills up is zero. */
function packedLayer(layer: DenseLayer): Float32Array {
  const { inputWidth, outputWidth, kernel, bias } = layer;
  const rows = inputWidth + 1;
  const values = new Float32Array(paddedWidth(layer) * rows);
  for (let column = 0; column < outputWidth; column++) {
    const start = Math.floor(column / panelColumns) * panelColumns * rows + (column % panelColumns);
    values[start] = at(bias, column);
    for (let input = 0; input < inputWidth; input++)
      values[start + (input + 1) * panelColumns] = at(kernel, column * inputWidth + input);
  }
  return values;
}
