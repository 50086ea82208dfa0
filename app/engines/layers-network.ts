// Reads a TensorFlow.js layers model (a chain of dense layers) into plain numbers, without TensorFlow.
import { describe, type Fields, isFields } from '../model/document.ts';
import { AppError } from '../model/errors.ts';

export const activations = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'] as const;
export type Activation = (typeof activations)[number];

export interface DenseLayer {
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** One row for each output, so that a dot product reads memory in order. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly activation: Activation;
}

/** @throws AppError `network-unsupported`: another kind of network needs another engine. */
export function parseLayersNetwork(network: string, weights: Float32Array): DenseLayer[] {
  const document = asFields(JSON.parse(network), 'the network');
  const tensors = tensorsOf(document, weights);
  const topology = asFields(document.modelTopology, 'modelTopology');
  const chain = asFields(topology.config, 'modelTopology.config');
  if (topology.class_name !== 'Sequential' || !Array.isArray(chain.layers)) {
    throw unsupported('a chain of layers (Sequential)', topology.class_name);
  }
  const layers = chain.layers.map((layer) => denseLayer(asFields(layer, 'a layer'), tensors));
  for (const [index, layer] of layers.entries()) {
    const before = layers[index - 1]?.outputWidth ?? layer.inputWidth;
    if (before !== layer.inputWidth) throw unsupported(`a layer that takes ${before} numbers`, layer.inputWidth);
  }
  return layers;
}

interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function tensorsOf(document: Fields, weights: Float32Array): Map<string, Tensor> {
  const manifest = Array.isArray(document.weightsManifest) ? document.weightsManifest : [];
  const tensors = new Map<string, Tensor>();
  let at = 0;
  for (const entry of manifest.flatMap((group: Fields) => (Array.isArray(group.weights) ? group.weights : []))) {
    const { name, shape, dtype } = asFields(entry, 'a weight');
    if (dtype !== 'float32' || !Array.isArray(shape)) throw unsupported('weights of type float32', dtype);
    const size = shape.reduce((product: number, length: number) => product * length, 1);
    tensors.set(String(name), { shape, values: weights.subarray(at, at + size) });
    at += size;
  }
  if (at !== weights.length) throw unsupported(`${at} weights, as the network lists`, weights.length);
  return tensors;
}

function denseLayer(layer: Fields, tensors: ReadonlyMap<string, Tensor>): DenseLayer {
  const config = asFields(layer.config, 'a layer');
  if (layer.class_name !== 'Dense') throw unsupported('dense layers', layer.class_name);
  const activation = activations.find((known) => known === config.activation);
  if (activation === undefined) throw unsupported(`an activation, one of ${activations.join(', ')}`, config.activation);
  const kernel = tensors.get(`${config.name}/kernel`);
  const [inputWidth = 0, outputWidth = 0] = kernel?.shape ?? [];
  if (kernel === undefined) throw unsupported(`weights called ${config.name}/kernel`, undefined);
  const bias = tensors.get(`${config.name}/bias`)?.values ?? new Float32Array(outputWidth);
  return { inputWidth, outputWidth, kernel: transposed(kernel.values, inputWidth, outputWidth), bias, activation };
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, index) => values[(index % rows) * columns + Math.floor(index / rows)] ?? 0);
}

function asFields(value: unknown, what: string): Fields {
  if (!isFields(value)) throw unsupported(`${what} as an object`, value);
  return value;
}

function unsupported(expected: string, found: unknown): AppError {
  return new AppError('network-unsupported', `network.json: expected ${expected}, found ${describe(found)}`);
}
