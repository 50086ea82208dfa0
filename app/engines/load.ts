// The engine a model is served with: the one that is asked for, or the best of those that can be.
import { AppError } from '../model/errors.ts';
import type { Engine, NetworkOf } from './engine.ts';
import { measure } from './measure.ts';
import { sharing } from './shared.ts';

/** Each is loaded by whoever needs it. */
const loaders = {
  compiled: async (artifact: NetworkOf): Promise<Engine> => (await import('./compiled.ts')).compile(artifact),
  simd: async (artifact: NetworkOf): Promise<Engine> => (await import('./simd/simd.ts')).vectorize(artifact),
  wasm: async (artifact: NetworkOf): Promise<Engine> => (await import('./tfjs.ts')).onTensorflow('wasm', artifact),
  'tfjs-node': async (artifact: NetworkOf): Promise<Engine> =>
    (await import('./tfjs.ts')).onTensorflow('tfjs-node', artifact),
};
export type EngineName = keyof typeof loaders;
export const engineNames = Object.keys(loaders) as readonly EngineName[];
export type EngineSetting = EngineName | 'auto';

/** Products a row from which native TensorFlow may be quicker than `simd`: below, what it costs before its first row is never won back. */
const nativeFrom = 50_000;

/**
 * What `auto` measures, by the products that a row takes. `simd` is the quickest at every width and every number of rows that was
 * tried but for wide networks, which are faster in native code; the others are not loaded (docs/engines.md has the figures).
 */
export function candidatesFor(products: number): readonly EngineName[] {
  return products < nativeFrom ? ['simd'] : ['simd', 'tfjs-node'];
}

/** @throws AppError `network-unsupported`; `engine-missing` when what was asked for is not installed. */
export async function loadEngine(artifact: NetworkOf, wanted: EngineSetting = 'auto'): Promise<Engine> {
  if (wanted !== 'auto') return loaders[wanted](artifact);
  const engines: Engine[] = [];
  for (const name of candidatesFor(artifact.weights.length)) {
    const engine = await loaders[name](artifact).catch(unlessMissing);
    if (engine !== undefined) engines.push(engine);
  }
  // Plain JavaScript, where the processor or the way Node was started has no vectors.
  if (engines.length === 0) engines.push(await loaders.compiled(artifact));
  return sharing(engines, measure(engines));
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'engine-missing') throw error;
}
