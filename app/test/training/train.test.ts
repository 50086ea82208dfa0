import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import { digestOf, readArtifact, withSums, writeArtifact } from '../../model/artifact.ts';
import { randomFrom } from '../../model/random.ts';
import { createPredictor } from '../../serving/predictor.ts';
import { parseProblem } from '../../training/problem.ts';
import { classesOf, type Trained, train } from '../../training/train.ts';
import { root, temporaryFolder, wineProblem } from '../wine.ts';

const digest = ({ contents }: Trained) => digestOf(withSums(contents));

async function predictorOf(trained: Trained) {
  const { directory } = await writeArtifact(await temporaryFolder(), trained.contents, {});
  const artifact = await readArtifact(directory);
  return createPredictor(artifact, compile(artifact));
}

/** 80 rows in which `y` follows from `x` and `colour`, some of both missing. */
async function madeUp(task: 'classification' | 'regression') {
  const random = randomFrom(5);
  const lines = Array.from({ length: 80 }, (_, index) => {
    const [x, colour] = [random() * 4 - 2, random() < 0.5 ? 'red' : 'blue'];
    const y = 3 * x + (colour === 'red' ? 5 : 0) + 100;
    const label = task === 'regression' ? y.toFixed(3) : y > 102.5 ? 'Grand-Cru!' : 'grand cru';
    return `${index === 4 ? '' : x.toFixed(3)},${index === 9 ? '' : colour},${label}`;
  });
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'data.csv'), ['x,colour,y', ...lines].join('\n'));
  return parseProblem(
    `schema: trireme.problem/1\nname: made-up\ntask: ${task}\ndata: data.csv\nlabel: y\nacceptance: { ${task === 'regression' ? 'r2' : 'accuracy'}: 0.8 }\nnetwork: { layers: [16], epochs: 80, batchSize: 8 }`,
    path.join(folder, 'problem.yaml'),
  );
}

describe('training', () => {
  it('makes the same digest twice in a row, and in another process', async () => {
    const problem = await wineProblem();
    const first = await train(problem);
    expect(digest(await train(problem))).toBe(digest(first));

    const store = await temporaryFolder();
    const words = ['app/cli/main.ts', 'train', '--json', '--store', store, '--lock', path.join(store, 'lock.json')];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: root });
    expect(JSON.parse(stdout)).toMatchObject({ name: 'wine', digest: digest(first), written: true });
    // TensorFlow.js advertises its native backend unless it is told not to.
    expect(stderr).not.toMatch(/tensorflow/i);
  });

  it('classifies held-out wines', async () => {
    const { model } = await train(await wineProblem());
    expect(model.metrics.estimates.accuracy?.value).toBeGreaterThanOrEqual(0.95);
    expect(model.metrics.heldOutRows).toBe(36);
    expect(model.task === 'classification' && model.classes.map(({ label }) => label)).toEqual([1, 2, 3]);
  });

  it('makes another model of another seed, and of a need for a setting', async () => {
    const problem = await wineProblem();
    const settings = [{ name: 'PRICE_LIST', why: 'prices' }];
    const digests = [
      await train(problem),
      await train({ ...problem, seed: 3 }),
      await train({ ...problem, settings }),
    ].map(digest);
    expect(new Set(digests).size).toBe(3);
  });

  it('shows its progress, and learns', async () => {
    const losses: number[] = [];
    await train(await wineProblem(), ({ loss }) => losses.push(loss));
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 10);
  });

  it('gives no model that is worse than the problem accepts', async () => {
    const problem = await wineProblem({ acceptance: { metric: 'accuracy', atLeast: 1 }, seed: 2 });
    await expect(train(problem)).rejects.toMatchObject({
      code: 'acceptance-failed',
      message: expect.stringMatching(/at least 1 .*found 0\.944/),
    });
  });

  it('gives no model when training diverges', async () => {
    const problem = await madeUp('regression');
    await expect(
      train({ ...problem, network: { ...problem.network, layers: [64, 64, 64, 64], epochs: 3, learningRate: 1e30 } }),
    ).rejects.toMatchObject({ code: 'acceptance-failed' });
  });

  it('regresses on numbers and categories, and imputes what is missing', async () => {
    const predictor = await predictorOf(await train(await madeUp('regression')));
    const [low, high, imputed] = predictor.predict([{ x: -1, colour: 'blue' }, { x: 1, colour: 'red' }, {}]);
    expect(Number(low?.value)).toBeGreaterThan(94);
    expect(Number(low?.value)).toBeLessThan(100);
    expect(Number(high?.value)).toBeGreaterThan(105);
    expect(Object.keys(imputed ?? {})).toEqual(['value']);
  });

  it('classifies words that differ in signs only', async () => {
    const predictor = await predictorOf(await train(await madeUp('classification')));
    expect(predictor.predict([{ x: -2, colour: 'blue' }])[0]).toMatchObject({
      label: 'grand cru',
      p_grand_cru_2: expect.any(Number),
    });
  });

  it('makes field names of labels', () => {
    const classes = classesOf(['é', '-', 'B b', 'b-b', ''].map((label) => ({ label })));
    expect(classes.map(({ slug }) => slug)).toEqual(['class', 'class_2', 'b_b', 'b_b_2', 'class_3']);
  });
});
