// The answer cache in a service: the same answers, counted, and none of it where it is off.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

let cached: Service;
let plain: Service;

beforeAll(async () => {
  const models = [await linearArtifact('line', 0.5, 2), await linearArtifact('other', 2, 0)];
  const start = async (environment: Record<string, string>) => {
    const settings = readSettings({ PORT: '0', HOST: '127.0.0.1', ...environment });
    const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
    const service = await startService(
      settings,
      identity,
      async () => models,
      createLog('error', () => {}),
    );
    await service.started;
    return service;
  };
  cached = await start({ ANSWER_CACHE_ENTRIES: '3' });
  plain = await start({});
});
afterAll(() => Promise.all([cached, plain].map((service) => service.stop({ grace: false }))));

async function ask({ port }: Service, path: string, body: object) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { predictions: { value: number; predictionId: string }[] };
}
async function counted({ port }: Service) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return [...text.matchAll(/^answer_cache_\w+_total\{kind="(\w+)"(?:,outcome="(\w+)")?\} (\d+)$/gm)].map(
    ([, kind, outcome = 'eviction', count]) => `${kind} ${outcome} ${count}`,
  );
}

it('answers every protocol as without it, and counts', async () => {
  const values = async (path: string, body: object) =>
    (await ask(cached, path, body)).predictions.map(({ value }) => value);
  expect(await values('/predict', { x: 1 })).toEqual([2.5]);
  expect(await values('/predict', { x: 1 })).toEqual([2.5]);
  expect(await values('/predict/other', { x: 1 })).toEqual([2]);
  expect(await ask(cached, '/v1/models/line:predict', { instances: [1, 3] })).toEqual({ predictions: [2.5, 3.5] });
  expect(await values('/predict', [{ x: 4 }])).toEqual([4]);
  expect(await ask(cached, '/predict', { x: 'one' })).toMatchObject({ code: 'input-invalid' });
  const [one, two] = [await ask(cached, '/predict', { x: 4 }), await ask(cached, '/predict', { x: 4 })];
  expect(one.predictions[0]?.predictionId).not.toBe(two.predictions[0]?.predictionId);

  const explained = await ask(cached, '/v1/models/line:explain', { instances: [9] });
  expect(await ask(cached, '/v1/models/line:explain', { instances: [9] })).toEqual(explained);
  expect(await ask(plain, '/v1/models/line:explain', { instances: [9] })).toEqual(explained);
  expect((await counted(cached)).sort()).toEqual([
    'explanation eviction 0',
    'explanation hit 1',
    'explanation miss 1',
    'prediction eviction 2',
    'prediction hit 5',
    'prediction miss 5',
  ]);
});

it('is off unless it is set', async () => {
  await ask(plain, '/predict', { x: 1 });
  expect(await counted(plain)).toEqual([]);
});
