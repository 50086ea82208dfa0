// The engine a model is served with: the one that is asked for, or the best of those that can be.
import { AppError } from '../model/errors.ts';
import type { Dropped } from './choice.ts';
import type { CheckableModel, Engine, NetworkOf } from './engine.ts';
import { checkGolden } from './golden-check.ts';
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

/**
 * An engine that was asked for by name is not checked here: who serves with it does (`createPredictor`), and there is no other.
 * `auto` takes those that give the golden answers, and says which it dropped. @throws AppError `network-unsupported`; `engine-missing` when what was asked for is not installed.
 */
export async function loadEngine(artifact: CheckableModel, wanted: EngineSetting = 'auto'): Promise<Engine> {
  if (wanted !== 'auto') return loaders[wanted](artifact);
  const engines: Engine[] = [];
  const dropped: Dropped[] = [];
  for (const name of candidatesFor(artifact.weights.length)) {
    const tried = await tryEngine(name, artifact);
    if (tried === undefined) continue;
    if ('reason' in tried) dropped.push(tried);
    else engines.push(tried);
  }
  // The last resort: it computes bit for bit what training did. Where it can't serve either, it says why.
  if (engines.length === 0) engines.push(await loaders.compiled(artifact));
  return sharing(engines, measure(engines), dropped);
}

/** Whatever is wrong with one engine, another may serve. @returns `undefined` where it is not installed, which is no news. */
async function tryEngine(name: EngineName, artifact: CheckableModel): Promise<Engine | Dropped | undefined> {
  let engine: Engine | undefined;
  try {
    engine = await loaders[name](artifact);
    checkGolden(artifact, engine);
    return engine;
  } catch (error) {
    engine?.dispose?.();
    if (error instanceof AppError && error.code === 'engine-missing') return undefined;
    return { engine: name, reason: error instanceof Error ? error.message : String(error) };
  }
}
