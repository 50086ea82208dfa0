import { beforeAll, describe, expect, it, vi } from 'vitest';
import { planOf } from '../../engines/choice.ts';
import type { Engine } from '../../engines/engine.ts';
import { checkGolden } from '../../engines/golden-check.ts';
import { candidatesFor, type EngineName, engineNames, loadEngine } from '../../engines/load.ts';
import { measure, measuredRows } from '../../engines/measure.ts';
import { sharing } from '../../engines/shared.ts';
import { type Artifact, readArtifact } from '../../model/artifact.ts';
import { createPredictor } from '../../serving/predictor.ts';
import { wineArtifact } from '../wine.ts';
import { regression } from './networks.ts';

/** Not on npm for this Node, and not needed. */
const notInstalled: readonly EngineName[] = ['tfjs-node'];
const installed = engineNames.filter((name) => !notInstalled.includes(name));

let artifact: Artifact;
beforeAll(async () => {
  artifact = await readArtifact((await wineArtifact()).directory);
});

/** Answers rightly what is asked one by one, and wrongly beyond. */
function wrongFrom(rows: number, engine: Engine, wrong: (value: number) => number): Engine {
  return {
    ...engine,
    run: (inputs, count) => {
      const answers = engine.run(inputs, count);
      return count < rows ? answers : answers.map(wrong);
    },
  };
}

describe.each(installed)('the engine %s', (name) => {
  it('gives every golden answer, alone and together', async () => {
    const engine = await loadEngine(artifact, name);
    expect(engine.name).toBe(name);
    checkGolden(artifact, engine);
    expect(createPredictor(artifact, engine).predict([artifact.golden.cases[0]?.input])).toHaveLength(1);
  });

  it.each([
    ['is a little off', 1, (value: number) => value + 2e-6],
    ['is off where rows come together', 2, (value: number) => value + 2e-6],
    ['gives no numbers', 1, () => Number.NaN],
  ] as const)('never serves when it %s', async (_what, rows, wrong) => {
    const engine = wrongFrom(rows, await loadEngine(artifact, name), wrong);
    expect(() => createPredictor(artifact, engine)).toThrow(
      expect.objectContaining({ code: 'golden-mismatch', message: expect.stringContaining(`\`${name}\``) }),
    );
  });
});

describe('the engine a model is served with', () => {
  it('is measured and said', async () => {
    const { choice, name } = await loadEngine(artifact);
    expect(choice?.measured.map(({ engine, rows }) => `${engine} ${rows}`)).toEqual(
      measuredRows.map((rows) => `simd ${rows}`),
    );
    expect(choice?.measured.every(({ microseconds }) => microseconds > 0)).toBe(true);
    expect(choice?.plan).toEqual(planOf(choice?.measured ?? []));
    expect(name).toBe('simd');
  });

  it.each([
    [26, ['simd']],
    [2976, ['simd']],
    [49_999, ['simd']],
    [50_000, ['simd', 'tfjs-node']],
  ])('of a network with %i weights is one of %j', (weights, engines) => {
    expect(candidatesFor(weights)).toEqual(engines);
  });

  it('is measured without an engine that is not installed', async () => {
    const wide = regression([100, 400, 100, 1], 1, 1);
    expect(wide.weights.length).toBeGreaterThan(50_000);
    expect((await loadEngine(wide)).choice?.plan).toEqual([{ fromRows: 1, engine: 'simd' }]);
  });

  it('is plain JavaScript where there are no vectors', async () => {
    vi.stubGlobal('WebAssembly', {
      Module: class {
        constructor() {
          throw new Error('no SIMD support');
        }
      },
    });
    try {
      expect((await loadEngine(artifact)).choice?.plan).toEqual([{ fromRows: 1, engine: 'compiled' }]);
      await expect(loadEngine(artifact, 'simd')).rejects.toMatchObject({
        code: 'engine-missing',
        message: expect.stringContaining('no SIMD'),
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is refused where its packages are not installed, with what to do', async () => {
    await expect(loadEngine(artifact, 'tfjs-node')).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringMatching(/tfjs-node.*install @tensorflow\/tfjs-node, or set ENGINE=auto$/s),
    });
  });

  it('may be several, each asked for its numbers of rows and each checked', async () => {
    const [simd, compiled] = [await loadEngine(artifact, 'simd'), await loadEngine(artifact, 'compiled')];
    const asked: string[] = [];
    const noted = (engine: Engine): Engine => ({
      ...engine,
      run(inputs, rows) {
        asked.push(`${engine.name} ${rows}`);
        return engine.run(inputs, rows);
      },
    });
    const times = { compiled: [1, 9, 90], simd: [2, 4, 20] };
    const measured = Object.entries(times).flatMap(([engine, all]) =>
      all.map((microseconds, index) => ({ engine, rows: [1, 8, 64][index] ?? 0, microseconds })),
    );
    const shared = sharing([noted(simd), noted(compiled)], measured);
    expect(shared).toMatchObject({ name: 'compiled+simd', parts: [{ name: 'compiled' }, { name: 'simd' }] });
    const inputs = new Float32Array(100 * shared.inputWidth);
    for (const rows of [1, 7, 8, 63, 64, 100]) expect(shared.run(inputs, rows)).toHaveLength(rows * 3);
    expect(asked).toEqual(['compiled 1', 'compiled 7', 'simd 8', 'simd 63', 'simd 64', 'simd 100']);
    const [losing, winning] = [
      { ...simd, dispose: vi.fn() },
      { ...compiled, dispose: vi.fn() },
    ];
    sharing(
      [losing, winning],
      measured.map((one) => ({ ...one, microseconds: one.engine === 'simd' ? 999 : 1 })),
    );
    expect([losing.dispose.mock.calls.length, winning.dispose.mock.calls.length]).toEqual([1, 0]);
    const broken = sharing([wrongFrom(1, simd, (value) => value + 1e-3), compiled], measured);
    expect(() => createPredictor(artifact, broken)).toThrow(/engine `simd` does not compute this model/);
  });
});

describe('a measurement', () => {
  it('takes the quickest of several rounds, a slow engine in two', () => {
    let clock = 0;
    const engine = (name: string, costs: readonly number[]): Engine => {
      let round = 0;
      const run = (inputs: Float32Array) => {
        clock += costs[Math.min(round++, costs.length - 1)] ?? 0;
        return inputs;
      };
      return { name, inputWidth: 2, outputWidth: 2, run };
    };
    expect(measure([engine('a', [9, 3, 5]), engine('b', [0.5])], [1], () => clock)).toEqual([
      { engine: 'a', rows: 1, microseconds: 3000 },
      { engine: 'b', rows: 1, microseconds: 500 },
    ]);
  });
});
