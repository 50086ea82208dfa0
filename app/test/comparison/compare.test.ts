import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, compareModels } from '../../comparison/compare.ts';
import { previewText } from '../../comparison/text.ts';
import { writeArtifact } from '../../model/artifact.ts';
import { trainingRowsFile } from '../../model/training-rows.ts';
import { root, temporaryFolder, wineArtifact } from '../wine.ts';

const data = path.join(root, 'data/wine.csv');
let running: Awaited<ReturnType<typeof wineArtifact>>;
let candidate: Awaited<ReturnType<typeof wineArtifact>>;

beforeAll(async () => {
  running = await wineArtifact();
  candidate = await wineArtifact({ seed: 2 });
});

function compare(changes: Partial<Comparison> = {}) {
  const folders = { running: running.directory, candidate: candidate.directory };
  return compareModels({ ...folders, rows: { kind: 'csv', file: data }, slices: [], ...changes });
}

async function written(name: string, text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await writeFile(file, text);
  return file;
}

describe('two wine models', () => {
  it("are compared on the candidate's held-out rows, and the rows that the running one had seen are counted", async () => {
    const preview = await compare();
    expect(preview).toMatchObject({
      inputs: 'held-out data',
      running: running.digest,
      candidate: candidate.digest,
      total: { rows: candidate.model.metrics.heldOutRows },
      trainedOn: { candidate: 0 },
      refused: { running: 0, candidate: 0 },
    });
    const seen = preview.trainedOn.running ?? 0;
    expect(seen).toBeGreaterThan(0);
    expect(preview.unseen?.rows).toBe(preview.total.rows - seen);
    expect(preview.total.accuracy?.candidate).toBeCloseTo(candidate.model.metrics.estimates.accuracy?.value ?? 0, 9);
    expect(previewText(preview)).toContain(`the running model was trained on ${seen} of them`);
  });

  it('give the same document every time, and no difference with themselves', async () => {
    const slices = [{ column: 'proline', bins: 3 }];
    expect(JSON.stringify(await compare({ slices }))).toBe(JSON.stringify(await compare({ slices })));
    const same = await compare({ running: candidate.directory, slices });
    expect(same).toMatchObject({ total: { flips: 0, confidenceShift: 0 }, gained: 0, lost: 0, flips: [] });
    expect(same.perSlice.map(({ rows }) => rows).reduce((sum, rows) => sum + rows)).toBe(same.total.rows);
  });

  it('are compared on every row where nobody recorded what the candidate was trained on', async () => {
    const { [trainingRowsFile]: _, ...imported } = candidate.contents;
    const { directory } = await writeArtifact(await temporaryFolder(), imported, {});
    const preview = await compare({ candidate: directory });
    expect(preview).toMatchObject({
      inputs: 'data',
      total: { rows: 178 },
      trainedOn: { candidate: null, running: 142 },
    });
    expect(preview).not.toHaveProperty('unseen');
  });

  it('are compared on recorded requests, whose labels nobody knows', async () => {
    const { cases } = JSON.parse(String(running.contents['golden.json'])) as { cases: { input: object }[] };
    const lines = cases.map(({ input }) => JSON.stringify({ ...input, unknown_here: 1 }));
    const file = await written('records.jsonl', `${lines.join('\n')}\n{"alcohol":"strong"}\n`);
    const preview = await compare({ rows: { kind: 'records', file } });
    expect(preview).toMatchObject({
      inputs: 'request records',
      total: { rows: cases.length },
      classesBy: 'running',
      trainedOn: { running: null, candidate: null },
      refused: { running: 1, candidate: 1 },
    });
    expect(preview.total).not.toHaveProperty('accuracy');
    expect(previewText(preview)).toContain('not taken: 1 by the running model');
  });

  it('are compared on at most so many rows', async () => {
    expect((await compare({ limit: 5 })).total.rows).toBe(5);
  });
});

describe('what can be compared with nothing is refused', () => {
  const csv = () => readFile(data, 'utf8');
  it.each<[string, () => Promise<Partial<Comparison>>, RegExp]>([
    [
      'a file without a column that a model takes',
      async () => ({ rows: { kind: 'csv', file: await written('x.csv', (await csv()).replace('proline', 'prolin')) } }),
      /column `proline`: expected it in the header, as the running model takes it; .*as the candidate model takes it/,
    ],
    ['an unknown slice', async () => ({ slices: [{ column: 'colour', bins: 4 }] }), /`colour`: .*as `slices` names it/],
    ['an empty file', async () => ({ rows: { kind: 'csv', file: await written('x.csv', '') } }), /found an empty file/],
    [
      'a header alone',
      async () => ({ rows: { kind: 'csv', file: await written('x.csv', (await csv()).split('\n')[0] ?? '') } }),
      /at least one row to compare, found none/,
    ],
    ['no file', async () => ({ rows: { kind: 'csv', file: '/nowhere.csv' } }), /nowhere.csv.*ENOENT/],
    ['no records', async () => ({ rows: { kind: 'records', file: '/nowhere.jsonl' } }), /nowhere.jsonl.*ENOENT/],
    [
      'a record that is none',
      async () => ({ rows: { kind: 'records', file: await written('x.jsonl', '{}\n[1]\n') } }),
      /line 2: expected an object/,
    ],
    [
      'rows that no model takes',
      async () => ({ rows: { kind: 'records', file: await written('x.jsonl', '{}\n') } }),
      /expected rows that both models take, found none; the first fault, the running model: missing field/,
    ],
    [
      'a cost of an unknown class',
      async () => ({ cost: { 1: { 9: 1 } } }),
      /cost: expected classes, of 1, 2, 3, found "9"/,
    ],
    [
      'a folder that is no model',
      async () => ({ running: await temporaryFolder() }),
      /the running model in .*expected all its files/,
    ],
  ])('%s', async (_, changes, message) => {
    await expect(compare(await changes())).rejects.toThrow(message);
  });

  it('data of which the candidate has seen every row', async () => {
    const [header = '', ...lines] = (await csv()).trim().split('\n');
    const heldOut = new Set<string>();
    for (const line of lines) {
      const file = await written('one.csv', `${header}\n${line}\n`);
      if (heldOut.size === 0)
        await compare({ rows: { kind: 'csv', file } }).catch((error) => heldOut.add(error.message));
    }
    expect([...heldOut].join()).toMatch(/expected rows that the candidate was not trained on, found none among 1/);
  });
});
