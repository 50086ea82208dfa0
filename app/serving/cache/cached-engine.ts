// An engine that remembers: rows it answered before are not computed again, the others are, in one run.
import type { Engine } from '../../engines/engine.ts';
import { type AnswerCache, rowKey } from './answer-cache.ts';

export interface CachedEngine {
  readonly engine: Engine;
  /** From now on: before, the checks and measures at the start meet the engine itself. */
  begin(): void;
}

/** @param digest the model's. */
export function cachedEngine(engine: Engine, digest: string, cache: AnswerCache<Float32Array>): CachedEngine {
  const { inputWidth, outputWidth } = engine;
  let isOn = false;
  let room = new Float32Array(0);

  function run(inputs: Float32Array, rows: number): Float32Array {
    if (!isOn) return engine.run(inputs, rows);
    if (room.length < rows * outputWidth) room = new Float32Array(rows * outputWidth);
    const missing: { readonly row: number; readonly key: string }[] = [];
    for (let row = 0; row < rows; row++) {
      const key = rowKey(digest, inputs, row, inputWidth);
      const known = cache.get(key);
      if (known === undefined) missing.push({ row, key });
      else room.set(known, row * outputWidth);
    }
    if (missing.length > 0) {
      const asked = new Float32Array(missing.length * inputWidth);
      for (const [index, { row }] of missing.entries())
        asked.set(inputs.subarray(row * inputWidth, (row + 1) * inputWidth), index * inputWidth);
      const answers = engine.run(asked, missing.length);
      for (const [index, { row, key }] of missing.entries()) {
        const answer = answers.slice(index * outputWidth, (index + 1) * outputWidth);
        cache.set(key, answer);
        room.set(answer, row * outputWidth);
      }
    }
    return room.subarray(0, rows * outputWidth);
  }

  return {
    engine: { ...engine, run },
    begin() {
      isOn = true;
    },
  };
}
