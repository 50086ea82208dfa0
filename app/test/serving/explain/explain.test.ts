// `:explain` as a client meets it: exact for a line, additive for a network, the same every time, bounded.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';
import { wineArtifact } from '../../wine.ts';

interface Explained {
  readonly predictions: unknown[];
  readonly explanations: {
    readonly output: string;
    readonly label?: number;
    readonly prediction: number;
    readonly baseline: number;
    readonly contributions: Record<string, number>;
  }[];
  readonly method: { readonly kind: string; readonly evaluations: number; readonly baseline: Record<string, number> };
  readonly model: object;
  readonly error: string;
}

let service: Service;
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let records: Record<string, number>[];
let digest: string;

beforeAll(async () => {
  const line = await linearArtifact('half_plus_two', 0.5, 2);
  digest = line.digest;
  wine = await wineArtifact({ network: { layers: [8], epochs: 5, batchSize: 16, learningRate: 0.01 } });
  records = JSON.parse(String(wine.contents['golden.json'])).cases.map((one: { input: object }) => one.input);
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1' });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  service = await startService(
    settings,
    identity,
    async () => [line, wine],
    createLog('error', () => {}),
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

async function explain(place: string, body: object) {
  const answer = await fetch(`http://127.0.0.1:${service.port}/v1/models/${place}:explain`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Explained };
}

it('says of a line what the difference from the median adds', async () => {
  // The profile has -4 … 15: its median is 5.5, of which the line makes 4.75.
  expect(await explain('half_plus_two', { instances: [1, 9.5] })).toEqual({
    status: 200,
    body: {
      predictions: [2.5, 6.75],
      explanations: [
        { output: 'value', prediction: 2.5, baseline: 4.75, contributions: { x: -2.25 } },
        { output: 'value', prediction: 6.75, baseline: 4.75, contributions: { x: 2 } },
      ],
      method: { name: 'baseline-shapley', kind: 'exact', evaluations: 2, seed: 1, baseline: { x: 5.5 } },
      model: { name: 'half_plus_two', version: digest.slice(7, 19), digest },
    },
  });
});

it("explains the likeliest class's probability, every field of it, and the parts add up", async () => {
  const { body } = await explain('wine', { instances: records.slice(0, 4) });
  expect(body.method).toMatchObject({ kind: 'exact', evaluations: 8192 });
  const typical = await explain('wine', { instances: [body.method.baseline] });
  for (const [index, one] of body.explanations.entries()) {
    const predicted = body.predictions[index] as { label: number; probabilities: number[] };
    expect(one.label).toBe(predicted.label);
    expect(one.prediction).toBe(predicted.probabilities[predicted.label - 1]);
    expect(Object.keys(one.contributions)).toEqual(wine.model.inputs.map(({ name }) => name));
    const sum = Object.values(one.contributions).reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(one.prediction - one.baseline, 5);
  }
  for (const value of Object.values(typical.body.explanations[0]?.contributions ?? { none: 1 })) expect(value).toBe(0);
});

it('says the same every time and at each address of a version', async () => {
  const body = { instances: records.slice(0, 1) };
  const first = await explain('wine', body);
  expect(await explain('wine', body)).toEqual(first);
  expect(await explain('wine/labels/stable', body)).toEqual(first);
  expect(await explain(`wine/versions/${wine.digest.slice(7, 19)}`, body)).toEqual(first);
});

it.each([
  ['too many records', { instances: Array(17).fill(1) }, 413, /at most 16 records, found 17/],
  ['columns', { inputs: { x: [1] } }, 400, /expected `instances`/],
  ['a record the model does not take', { instances: ['one'] }, 400, /`x`: expected a number/],
  ['nothing', { instances: [] }, 400, /at least one record/],
])('refuses %s', async (_what, body, status, error) => {
  const answer = await explain('half_plus_two', body);
  expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(error) } });
});
