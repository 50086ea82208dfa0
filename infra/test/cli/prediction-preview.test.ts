import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CliEnvironment } from '../../cli/environment.ts';
import { predictionPreviewer } from '../../cli/prediction-preview.ts';
import { predictionLines } from '../../cli/preview-text.ts';
import type { PredictionPreview } from '../../contract/preview.ts';
import { previewHash } from '../../contract/preview.ts';
import { type ReleaseManifest, releaseSchema } from '../../contract/release.ts';
import { modelDigestOf } from '../../image/model-digest.ts';
import { partsOf } from '../delivery/world.ts';

const files = (word: string) => new Map([['model.json', Buffer.from(word)]]);
const digestOf = (word: string) => modelDigestOf(files(word));

function release(sequence: number, word: string): ReleaseManifest {
  return { schema: releaseSchema, sequence, ...partsOf(sequence), models: [{ name: 'wine', digest: digestOf(word) }] };
}

const all = {
  name: 'all',
  rows: 178,
  flips: 3,
  confidenceShift: 0.012,
  accuracy: { running: 0.966, candidate: 0.978 },
};
const document: PredictionPreview = {
  schema: 'trireme.preview/1',
  model: 'wine',
  task: 'classification',
  running: digestOf('old'),
  candidate: digestOf('new'),
  inputs: 'held-out data',
  inputsDigest: 'a'.repeat(64),
  trainedOn: { running: 40, candidate: 0 },
  refused: { running: 0, candidate: 2 },
  total: all,
  classesBy: 'true label',
  perClass: [{ ...all, name: '1', rows: 60, flips: 3 }],
  perSlice: [],
  flips: [{ from: '2', to: '1', rows: 3 }],
  shift: { p5: -0.1, p50: 0, p95: 0.1 },
  gained: 2,
  lost: 1,
  unseen: { rows: 138, accuracy: { running: 0.94, candidate: 0.97 } },
  cost: { running: 34, candidate: 22 },
};

describe('the previewer', () => {
  let stateDirectory: string;
  let asked: string[];
  let reads: string[];
  const ended = { code: 0, printed: JSON.stringify(document), last: '' };

  beforeAll(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), 'trireme-preview-'));
  });
  afterAll(() => rm(stateDirectory, { recursive: true, force: true }));

  function previewer(answer = ended, words: readonly string[] = ['old', 'new']) {
    asked = [];
    reads = [];
    const environment = { checkout: '/nowhere', stateDirectory, shell: {} } as CliEnvironment;
    const readFolder = async (ref: string, path: string) => {
      reads.push(`${ref.slice(0, 3)} ${path}`);
      if (ref.startsWith('aws')) throw new Error('no answer');
      return files(words[ref.endsWith('1') ? 0 : 1] ?? '');
    };
    return predictionPreviewer(environment, { readFolder }, async (_, folders) => {
      asked.push(
        ...(await Promise.all(Object.values(folders).map((one) => readFile(join(one, 'model.json'), 'utf8')))),
      );
      return answer;
    });
  }
  const pair = [release(1, 'old'), release(2, 'new')] as const;

  test('takes both models out of their images, from whichever registry answers, once', async () => {
    const first = previewer();
    expect(await first.compare(...pair)).toEqual({ preview: document });
    expect(asked).toEqual(['old', 'new']);
    expect(reads).toContain('gcp srv/models/wine');
    const again = previewer();
    expect(await again.compare(...pair)).toEqual({ preview: document });
    expect(reads).toEqual([]);
  });

  test('reads a model again that was altered in the cache', async () => {
    await previewer().compare(...pair);
    await writeFile(join(stateDirectory, 'cache', 'models', digestOf('old').slice(7), 'model.json'), 'altered');
    expect(await previewer().compare(...pair)).toEqual({ preview: document });
    expect(asked).toEqual(['old', 'new']);
  });

  const last = 'data/wine.csv: column `proline`: expected it';
  test.each([
    ['the application refuses', previewer, { ...ended, code: 1, last }, pair, last],
    [
      'it compared others',
      previewer,
      { ...ended, printed: JSON.stringify({ ...document, running: 'x' }) },
      pair,
      'found one of x',
    ],
    ['it says nonsense', previewer, { ...ended, printed: '{}' }, pair, 'expected schema `trireme.preview/1`'],
    [
      'the model is the same',
      previewer,
      ended,
      [pair[0], release(3, 'old')] as const,
      'both releases serve the same model, wine',
    ],
  ])('says why there is none when %s', async (_, make, answer, releases, why) => {
    const result = await make(answer).compare(...releases);
    expect(result).toEqual({ none: expect.stringContaining(why) });
  });

  test('says so when an image holds another model than its manifest names', async () => {
    await rm(join(stateDirectory, 'cache'), { recursive: true });
    const result = await previewer(ended, ['forged', 'new']).compare(...pair);
    expect(result).toEqual({
      none: expect.stringContaining(`expected ${digestOf('old')}; found ${digestOf('forged')}`),
    });
    expect(asked).toEqual([]);
  });
});

describe('what a promotion says about predictions', () => {
  test('fits in a few lines, with what makes it unfair', () => {
    const preview = previewHash(document);
    expect(predictionLines({ preview, previewDocument: document })).toEqual([
      `predictions of wine: 178 held-out rows, 3 labels flip (1.7 %), preview ${preview.slice(0, 12)}`,
      '  accuracy 0.966 → 0.978; 2 newly right, 1 newly wrong; cost per 1,000 rows 34 → 22; confidence +0.012 on average',
      '  flips: 2 → 1 (3)',
      '  by true class: 1: 3 of 60',
      '  the running model was trained on 40 of these rows, which flatters it; on the 138 new to both, accuracy 0.940 → 0.970',
      "  2 rows more that the candidate can't take",
    ]);
  });

  test('is the reason where there is none, and nothing where nobody asked', () => {
    expect(predictionLines({ noPreview: 'nothing runs there yet' })).toEqual([
      'predictions: not compared: nothing runs there yet',
    ]);
    expect(predictionLines({})).toEqual([]);
  });
});
