// The engines `wasm` and `tfjs-node`: TensorFlow.js, where somebody installed it. The reference that the others are compared with.
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Tensorflow from '@tensorflow/tfjs-core';
import { AppError } from '../model/errors.ts';
import type { Engine, NetworkOf } from './engine.ts';
import { parseLayersNetwork } from './layers-network.ts';

type Backend = 'wasm' | 'tfjs-node';
type Core = typeof Tensorflow;

const packagesOf: Readonly<Record<Backend, string>> = {
  wasm: '@tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm',
  'tfjs-node': '@tensorflow/tfjs-node',
};
const load: Readonly<Record<Backend, () => Promise<Core>>> = { wasm: loadWasm, 'tfjs-node': loadNode };

/**
 * TensorFlow's memory is its own: nobody frees it with the engine. A model that another took the place of is still asked by requests
 * that were read before, and nobody knows which is the last; what `run` holds is forgotten after it. No closure is registered: it
 * would hold what it waits for.
 */
const whenForgotten = new FinalizationRegistry<Kept>(({ tf, tensors }) => tf.dispose(tensors));
interface Kept {
  readonly tf: Core;
  readonly tensors: Tensorflow.Tensor[];
}

/** @throws AppError `engine-missing`, `network-unsupported`. */
export async function onTensorflow(backend: Backend, { network, weights }: NetworkOf): Promise<Engine> {
  const layers = parseLayersNetwork(network, weights);
  const tf = await load[backend]().catch((cause: unknown) => {
    const found = cause instanceof Error ? (cause.message.split('\n')[0] ?? cause.name) : String(cause);
    const expected = `expected the packages of the engine ${backend}, found ${found}`;
    throw new AppError('engine-missing', `${expected}; install ${packagesOf[backend]}, or set ENGINE=auto`, { cause });
  });
  const placed = layers.map(({ kernel, bias, inputWidth, outputWidth, activation }) => ({
    // Turned here: told to do so in the product (`transposeB`), the wasm backend adds the bias to the first row only.
    kernel: tf.tidy(() => tf.keep(tf.transpose(tf.tensor2d(kernel, [outputWidth, inputWidth])))),
    bias: tf.keep(tf.tensor1d(bias)),
    activation,
  }));
  const tensors = placed.flatMap(({ kernel, bias }) => [kernel, bias]);
  whenForgotten.register(placed, { tf, tensors });
  const inputWidth = layers[0]?.inputWidth ?? 0;
  const outputWidth = layers.at(-1)?.outputWidth ?? 0;
  return {
    name: backend,
    inputWidth,
    outputWidth,
    dispose: () => tf.dispose(tensors),
    run(inputs, rows) {
      return tf.tidy(() => {
        let values: Tensorflow.Tensor = tf.tensor2d(inputs.subarray(0, rows * inputWidth), [rows, inputWidth]);
        for (const { kernel, bias, activation } of placed) {
          const fused = activation === 'relu' ? 'relu' : 'linear';
          values = tf.fused.matMul({ a: values, b: kernel, bias, activation: fused });
          if (activation === 'sigmoid') values = tf.sigmoid(values);
          else if (activation === 'tanh') values = tf.tanh(values);
          else if (activation === 'softmax') values = tf.softmax(values);
        }
        return values.dataSync<'float32'>();
      });
    },
  };
}

async function loadWasm(): Promise<Core> {
  const tf = await import('@tensorflow/tfjs-core');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(path.join(path.dirname(entry), 'wasm-out', path.sep));
  if (!(await tf.setBackend('wasm'))) throw new Error('a backend that does not start');
  return tf;
}

/** tfjs-node 4.22 asks for two functions that Node 23 removed: https://github.com/tensorflow/tfjs/pull/8425 is merged and not released. */
async function loadNode(): Promise<Core> {
  const util: Record<string, unknown> = createRequire(import.meta.url)('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  const name: string = '@tensorflow/tfjs-node';
  const tf: Core = await import(name);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('a backend that does not start');
  return tf;
}
