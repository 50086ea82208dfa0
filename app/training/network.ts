// The only file that knows TensorFlow.js: builds a network, trains it, runs it, gives it away as files.
// On the cpu backend, which is plain JavaScript and so counts alike on every machine, bit for bit; a WASM or native backend need not.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { type Random, shuffled } from '../model/random.ts';

export interface NetworkPlan {
  readonly inputWidth: number;
  readonly hidden: readonly number[];
  readonly outputWidth: number;
  readonly task: 'classification' | 'regression';
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

export interface TrainedNetwork {
  /** Answers for rows that lie one after the other. */
  predict(inputs: Float32Array, rows: number): Float32Array;
  /** A TensorFlow.js layers model: its JSON, and its weights as 32-bit floats. */
  save(): Promise<{ network: string; weights: Uint8Array }>;
  dispose(): void;
}

/**
 * @param inputs rows of `inputWidth`, one after the other; `targets` rows of `outputWidth`: one-hot classes, or the standardised value.
 * @param random decides the order of the rows in every epoch: `fit({shuffle: true})` can't be seeded.
 */
export async function trainNetwork(
  plan: NetworkPlan,
  inputs: Float32Array,
  targets: Float32Array,
  random: Random,
  progress: (epoch: number, loss: number) => void,
): Promise<TrainedNetwork> {
  // Without it the cpu backend prints an advertisement for the native one.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  await tf.ready();

  const network = build(plan);
  const optimizer = tf.train.adam(plan.learningRate);
  network.compile({ optimizer, loss: plan.task === 'classification' ? 'categoricalCrossentropy' : 'meanSquaredError' });
  const rows = Array.from({ length: inputs.length / plan.inputWidth }, (_, index) => index);
  for (let epoch = 1; epoch <= plan.epochs; epoch++) {
    const order = shuffled(rows, random);
    let loss = 0;
    for (let from = 0; from < order.length; from += plan.batchSize) {
      const batch = order.slice(from, from + plan.batchSize);
      const x = tf.tensor2d(gather(inputs, plan.inputWidth, batch), [batch.length, plan.inputWidth]);
      const y = tf.tensor2d(gather(targets, plan.outputWidth, batch), [batch.length, plan.outputWidth]);
      loss += Number(await network.trainOnBatch(x, y)) * batch.length;
      tf.dispose([x, y]);
    }
    progress(epoch, loss / order.length);
  }
  optimizer.dispose();

  return {
    predict(values, count) {
      return tf.tidy(() => {
        // `predict` would cut the rows into batches of 32; the answers are the same, the time is not.
        const answer = network.predictOnBatch(tf.tensor2d(values, [count, plan.inputWidth])) as tf.Tensor;
        return answer.dataSync<'float32'>().slice();
      });
    },
    save: () => save(network),
    dispose: () => network.dispose(),
  };
}

function build(plan: NetworkPlan): Sequential {
  const network = sequential({ name: 'network' });
  const widths = [...plan.hidden, plan.outputWidth];
  for (const [index, units] of widths.entries()) {
    const isLast = index === widths.length - 1;
    network.add(
      layers.dense({
        // Named, because names given by TensorFlow.js count up within a process and would change the digest.
        name: `dense_${index + 1}`,
        units,
        activation: isLast ? (plan.task === 'classification' ? 'softmax' : 'linear') : 'relu',
        kernelInitializer: initializers.glorotUniform({ seed: plan.seed * 100 + index + 1 }),
        ...(index === 0 ? { inputShape: [plan.inputWidth] } : {}),
      }),
    );
  }
  return network;
}

function gather(values: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const batch = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) batch.set(values.subarray(row * width, (row + 1) * width), index * width);
  return batch;
}

async function save(network: Sequential): Promise<{ network: string; weights: Uint8Array }> {
  let saved: tf.io.ModelArtifacts | undefined;
  await network.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, weightSpecs, weightData, format, generatedBy } = saved ?? {};
  const document = {
    format,
    generatedBy,
    modelTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
  };
  const parts = (Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)]).map((part) =>
    Buffer.from(part),
  );
  return { network: `${JSON.stringify(document, null, 1)}\n`, weights: Buffer.concat(parts) };
}
