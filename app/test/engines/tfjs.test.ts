import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import type { Engine } from '../../engines/engine.ts';
import { loadEngine } from '../../engines/load.ts';
import { regression } from './networks.ts';

const artifact = regression([13, 32, 16, 1], 1, 1);
const inputs = new Float32Array(13);

/** Two layers and what lies between them: a run leaves nothing behind. */
async function loaded(): Promise<Engine> {
  const engine = await loadEngine(artifact, 'wasm');
  engine.run(inputs, 1);
  return engine;
}

it('TensorFlow.js holds a kernel and a bias for each layer, until the engine is told to let go', async () => {
  const before = tf.memory().numTensors;
  const engine = await loaded();
  expect(tf.memory().numTensors).toBe(before + 6);
  engine.dispose?.();
  engine.dispose?.();
  expect(tf.memory().numTensors).toBe(before);
});

it('… or until nobody can ask it any more, however it was passed on', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const before = tf.memory().numTensors;
  const held: { run?: Engine['run'] } = {};
  await (async () => {
    held.run = { ...(await loaded()) }.run;
  })();
  collect();
  await new Promise(setImmediate);
  // What a request that was read before still holds goes on answering.
  expect(held.run?.(inputs, 1)).toHaveLength(1);
  expect(tf.memory().numTensors).toBe(before + 6);
  delete held.run;
  await vi.waitFor(() => {
    collect();
    expect(tf.memory().numTensors).toBe(before);
  }, 10_000);
});
