import { beforeEach, describe, expect, it, vi } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import type { Engine, NetworkOf } from '../../engines/engine.ts';
import { loadEngine } from '../../engines/load.ts';
import { AppError } from '../../model/errors.ts';
import type { Log } from '../../serving/log.ts';
import { tellChoice, warnOfDropped } from '../../serving/models/tell.ts';
import { createPredictor } from '../../serving/predictor.ts';
import { exacting, regression } from './networks.ts';

/** What native TensorFlow does where it is installed; here it never is. */
const native = vi.hoisted(() => ({ load: (_network: NetworkOf): Engine => ({}) as Engine }));
vi.mock('../../engines/tfjs.ts', () => ({
  onTensorflow: async (_backend: string, network: NetworkOf) => native.load(network),
}));
beforeEach(() => {
  native.load = () => {
    throw new AppError('engine-missing', 'not installed');
  };
});

/** Wide enough for native code to be tried. */
const wide = [400, 128, 1] as const;

function nativeEngine(network: NetworkOf, error: number) {
  const engine = compile(network);
  const dispose = vi.fn();
  const run: Engine['run'] = (inputs, rows) => engine.run(inputs, rows).map((value) => value + error);
  return { ...engine, name: 'tfjs-node', run, dispose };
}

describe('ENGINE=auto', () => {
  it.each([
    [[13, 32, 16, 1], 1],
    [[13, 32, 16, 1], 10_000],
    [[60, 64, 1], 300],
    [[512, 256, 1], 1],
    [[512, 256, 1], 1e6],
  ] as const)('serves a regression %j of a target %d wide with simd', async (widths, std) => {
    for (let seed = 1; seed <= 3; seed++) {
      const artifact = regression(widths, std, seed);
      const { engine, choice, predict, example } = createPredictor(artifact, await loadEngine(artifact));
      expect({ engine, dropped: choice?.dropped }).toEqual({ engine: 'simd', dropped: [] });
      expect(predict([example])).toHaveLength(1);
    }
  });

  it('falls back to plain JavaScript, bit for bit as training, where simd rounds too differently, and says so', async () => {
    const artifact = exacting(regression([13, 32, 16, 1], 10_000, 1));
    const predictor = createPredictor(artifact, await loadEngine(artifact));
    expect(predictor.engine).toBe('compiled');
    expect(predictor.predict([predictor.example])).toEqual([artifact.golden.cases[0]?.output]);
    const reason = /^simd: golden case \d+, `value`: expected .*; engine `simd` does not compute this model/;
    expect(tellChoice(predictor).enginesDropped).toMatch(reason);
    const warned = vi.fn();
    warnOfDropped([predictor], { warn: warned } as unknown as Log);
    expect(warned.mock.calls).toEqual([
      ['engines dropped', { model: 'untrained', engine: 'compiled', reason: expect.stringMatching(reason) }],
    ]);
  });

  it('refuses all the same where simd was asked for by name, and where no engine gives the golden answers', async () => {
    const artifact = exacting(regression([13, 32, 16, 1], 10_000, 1));
    const asked = await loadEngine(artifact, 'simd');
    expect(() => createPredictor(artifact, asked)).toThrow(expect.objectContaining({ code: 'golden-mismatch' }));
    const [first, ...others] = artifact.golden.cases;
    const cases = [{ input: first?.input ?? {}, output: { value: 1e9 } }, ...others];
    const wrong = { ...artifact, golden: { ...artifact.golden, cases } };
    const last = await loadEngine(wrong);
    expect(() => createPredictor(wrong, last)).toThrow(/golden case 0.*engine `compiled` does not/);
  });

  it('says nothing of engines where none was dropped', async () => {
    const artifact = regression([13, 4, 1], 1, 1);
    const predictor = createPredictor(artifact, await loadEngine(artifact));
    expect(tellChoice(predictor)).not.toHaveProperty('enginesDropped');
    const warned = vi.fn();
    warnOfDropped([predictor], { warn: warned } as unknown as Log);
    expect(warned).not.toHaveBeenCalled();
  });

  it.each([
    ['answers otherwise', (network: NetworkOf) => nativeEngine(network, 1e-3), /engine `tfjs-node` does not compute/],
    ['gives no numbers', (network: NetworkOf) => nativeEngine(network, Number.NaN), /expected a finite prediction/],
  ])('drops native code that %s, and gives its memory back', async (_what, load, reason) => {
    const artifact = regression(wide, 1, 1);
    const engine = load(artifact);
    native.load = () => engine;
    const loaded = await loadEngine(artifact);
    expect(loaded).toMatchObject({
      name: 'simd',
      choice: { dropped: [{ engine: 'tfjs-node', reason: expect.stringMatching(reason) }] },
    });
    expect(engine.dispose).toHaveBeenCalledTimes(1);
  });

  it('drops an engine that breaks in a way nobody thought of', async () => {
    const artifact = regression(wide, 1, 1);
    native.load = () => {
      throw new TypeError('a library of another version');
    };
    const { choice } = await loadEngine(artifact);
    expect(choice?.dropped).toEqual([{ engine: 'tfjs-node', reason: 'a library of another version' }]);
    native.load = () => ({ ...nativeEngine(artifact, 0), inputWidth: 3 });
    expect((await loadEngine(artifact)).choice?.dropped[0]?.reason).toMatch(/400 numbers in and 1 out/);
  });

  it('serves with native code alone where it gives what simd does not', async () => {
    const artifact = exacting(regression(wide, 1, 1));
    const engine = nativeEngine(artifact, 0);
    native.load = () => engine;
    const predictor = createPredictor(artifact, await loadEngine(artifact));
    expect(predictor).toMatchObject({ engine: 'tfjs-node', choice: { dropped: [{ engine: 'simd' }] } });
    expect(engine.dispose).not.toHaveBeenCalled();
  });

  it('is plain JavaScript where WebAssembly gets no memory', async () => {
    const real = Reflect.get(globalThis, 'WebAssembly');
    const grow = () => {
      throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded');
    };
    const Instance = class {
      readonly exports = { memory: { grow } };
    };
    vi.stubGlobal('WebAssembly', { Module: real.Module, Instance });
    try {
      const artifact = regression([13, 4, 1], 1, 1);
      expect((await loadEngine(artifact)).name).toBe('compiled');
      await expect(loadEngine(artifact, 'simd')).rejects.toMatchObject({
        code: 'engine-missing',
        message: expect.stringMatching(/Maximum memory size exceeded; set ENGINE=compiled$/),
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
