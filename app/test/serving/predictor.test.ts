import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import type { Engine } from '../../engines/engine.ts';
import { type Artifact, readArtifact } from '../../model/artifact.ts';
import { createPredictor } from '../../serving/predictor.ts';
import { wineArtifact } from '../wine.ts';

describe('a predictor', () => {
  let artifact: Artifact;
  beforeAll(async () => {
    const { directory } = await wineArtifact();
    artifact = await readArtifact(directory);
  });

  /** The real engine until it is broken. */
  function breakable() {
    const engine = compile(artifact);
    let broken = false;
    const run: Engine['run'] = (inputs, rows) => {
      const answers = engine.run(inputs, rows);
      return broken ? answers.fill(Number.NaN) : answers;
    };
    return { engine: { ...engine, run }, break: () => (broken = true) };
  }

  it('gives no row when a number in it is not finite: JSON would turn it into null', () => {
    const breaking = breakable();
    const predictor = createPredictor(artifact, breaking.engine);
    breaking.break();
    expect(() => predictor.predict([predictor.example])).toThrow(
      expect.objectContaining({ code: 'input-invalid', message: expect.stringContaining('finite') }),
    );
  });

  it('is not created with an engine that computes something else', () => {
    const breaking = breakable();
    const shifted: Engine = {
      ...breaking.engine,
      run: (inputs, rows) => breaking.engine.run(inputs, rows).map((value) => value + 1e-4),
    };
    expect(() => createPredictor(artifact, shifted)).toThrow(expect.objectContaining({ code: 'golden-mismatch' }));
    expect(() => createPredictor(artifact, { ...breaking.engine, inputWidth: 12 })).toThrow(/13 numbers in and 3 out/);
  });

  it('gives the caller rows of its own: the next prediction does not change them', () => {
    const { predict, example } = createPredictor(artifact, compile(artifact));
    const [first] = predict([example]);
    const copy = { ...first };
    predict([{ ...example, proline: 1600 }]);
    expect(first).toEqual(copy);
  });

  it('joins requests only for an engine whose runs cost much before the first row', () => {
    const engine = compile(artifact);
    const run: Engine['run'] = (inputs, rows) => {
      const end = performance.now() + 0.2;
      while (performance.now() < end);
      return engine.run(inputs, rows);
    };
    expect(createPredictor(artifact, engine).blocks.joins).toBe(false);
    expect(createPredictor(artifact, { ...engine, run }).blocks.joins).toBe(true);
  });

  it('joins small requests in one run, gives up those whose time is over, and answers each alone when one spoils the run', async () => {
    const engine = compile(artifact);
    const runs: number[] = [];
    let spoils = false;
    const run: Engine['run'] = (inputs, rows) => {
      runs.push(rows);
      if (spoils && rows > 1) throw new Error('spoiled');
      return engine.run(inputs, rows);
    };
    const { predict, predictInTurns, example } = createPredictor(artifact, { ...engine, run });
    const alone = predict([example]);
    runs.length = 0;
    const late = predictInTurns([example], performance.now() - 1);
    const others = [predictInTurns([example]), predictInTurns([example, example], performance.now() + 60_000)];
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(await Promise.all(others)).toEqual([alone, [...alone, ...alone]]);
    expect(runs).toEqual([3]);
    spoils = true;
    expect(await Promise.all([predictInTurns([example]), predictInTurns([example])])).toEqual([alone, alone]);
    expect(runs).toEqual([3, 2, 1, 1]);
  });

  it('predicts many records in turns as it does at once, and refuses them in the same words', async () => {
    const { predict, predictInTurns, example } = createPredictor(artifact, compile(artifact));
    const records = Array.from({ length: 600 }, (_, index) => ({ ...example, proline: 300 + index }));
    expect(await predictInTurns(records)).toEqual(predict(records));
    const bad = records.map((record, index) => (index % 299 === 298 ? { ...record, ash: 'x' } : record));
    const thrown = (() => {
      try {
        return predict(bad);
      } catch (error) {
        return error;
      }
    })();
    expect(String(thrown)).toMatch(/record 298: .*record 597: /);
    await expect(predictInTurns(bad)).rejects.toEqual(thrown);
  });
});
