// Two models, one of them in two versions, in one process: every protocol reaches each of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

let service: Service;
let half: string;
let third: string;
let other: string;

beforeAll(async () => {
  const [champion, challenger, second] = await Promise.all([
    linearArtifact('line', 0.5, 2),
    linearArtifact('line', 0.25, 3),
    linearArtifact('other', 2, 0),
  ]);
  [half, third, other] = [champion, challenger, second].map(({ digest }) => digest.slice(7, 19)) as [
    string,
    string,
    string,
  ];
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1' });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const locations = [champion, { ...challenger, label: 'challenger' as const }, second];
  service = await startService(
    settings,
    identity,
    async () => locations,
    createLog('error', () => {}),
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

interface Answered {
  readonly predictions: { value: number }[];
  readonly model: { version: string };
  readonly model_version: string;
  readonly outputs: { data: number[] }[];
  readonly model_version_status: { version: string }[];
  readonly model_spec: { version: string };
  readonly model_stats: { name: string; version: string }[];
  readonly models: object[];
  readonly paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  readonly operationId: string;
  readonly requestBody?: { content: Record<string, { example: object }> };
}

async function ask(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answered };
}

const values = ({ body }: { body: Answered }) => body.predictions.map(({ value }) => value);

describe('named fields', () => {
  it.each([
    ['/predict', () => half, 4],
    ['/predict/line', () => half, 4],
    ['/predict/line/labels/champion', () => half, 4],
    ['/predict/line/labels/canary', () => third, 4],
    ['/predict/other', () => other, 8],
  ])('at %s', async (path, version, value) => {
    const answer = await ask('POST', path, { x: 4 });
    expect([answer.body.model.version, ...values(answer)]).toEqual([version(), value]);
  });

  it('by version, and not by one that is not there', async () => {
    expect(values(await ask('POST', `/predict/line/versions/${third}`, [{ x: 0 }, { x: 8 }]))).toEqual([3, 5]);
    expect(await ask('POST', '/predict/line/versions/1', { x: 0 })).toMatchObject({
      status: 404,
      body: { code: 'model-unknown' },
    });
    expect(await ask('POST', '/predict/gin', { x: 0 })).toMatchObject({ status: 404, body: { code: 'model-unknown' } });
    expect(await ask('GET', '/predict/line')).toMatchObject({ status: 405 });
  });
});

describe('TensorFlow Serving and KServe v1', () => {
  it.each([
    ['line', 2],
    ['line/labels/stable', 2],
    ['line/labels/canary', 3],
    ['line/labels/challenger', 3],
    ['other', 0],
  ])('predicts at %s', async (place, value) => {
    expect((await ask('POST', `/v1/models/${place}:predict`, { instances: [0] })).body).toEqual({
      predictions: [value],
    });
  });

  it('predicts by version, and lists what there is', async () => {
    const { body } = await ask('POST', `/v1/models/line/versions/${third}:regress`, { examples: [{ x: 4 }] });
    expect(body).toEqual({ results: [4] });
    expect((await ask('GET', '/v1/models')).body).toEqual({ models: ['line', 'other'] });
    const versionsAt = async (path: string) =>
      (await ask('GET', path)).body.model_version_status.map(({ version }) => version);
    expect(await versionsAt('/v1/models/line')).toEqual([half, third]);
    expect(await versionsAt('/v1/models/line/labels/canary')).toEqual([third]);
    expect((await ask('GET', `/v1/models/line/versions/${third}/metadata`)).body.model_spec.version).toBe(third);
  });
});

describe('the Open Inference Protocol', () => {
  const body = { inputs: [{ name: 'x', datatype: 'FP64', shape: [1], data: [0] }] };
  it('infers by name and by version', async () => {
    for (const [path, version, value] of [
      ['line', half, 2],
      [`line/versions/${third}`, third, 3],
      ['other', other, 0],
    ]) {
      const answer = await ask('POST', `/v2/models/${path}/infer`, body);
      expect([answer.body.model_version, answer.body.outputs[0]?.data]).toEqual([version, [value]]);
    }
  });

  it('tells versions, labels and statistics of each', async () => {
    const champion = (await ask('GET', '/v2/models/line')).body;
    expect(champion).toMatchObject({ versions: [half, third], parameters: { version: half, labels: 'champion' } });
    const challenger = (await ask('GET', `/v2/models/line/versions/${third}`)).body;
    expect(challenger).toMatchObject({ versions: [half, third], parameters: { version: third, labels: 'challenger' } });
    const counted = async (path: string) =>
      (await ask('GET', path)).body.model_stats.map(({ name, version }) => [name, version]);
    expect(await counted('/v2/models/line/stats')).toEqual([
      ['line', half],
      ['line', third],
    ]);
    expect(await counted(`/v2/models/line/versions/${third}/stats`)).toEqual([['line', third]]);
    expect(await counted('/v2/models/stats')).toEqual([
      ['line', half],
      ['line', third],
      ['other', other],
    ]);
  });
});

it('/version and the metrics name each model and version', async () => {
  expect((await ask('GET', '/version')).body.models).toMatchObject([
    { name: 'line', version: half, labels: ['champion'] },
    { name: 'line', version: third, labels: ['challenger'] },
    { name: 'other', version: other, labels: ['champion'] },
  ]);
  await ask('POST', '/predict/line/labels/challenger', { x: 1 });
  const metrics = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text();
  for (const [name, version] of [
    ['line', half],
    ['line', third],
    ['other', other],
  ]) {
    expect(metrics).toMatch(new RegExp(`inference_rows_total\\{model="${name}",version="${version}"\\} [1-9]`));
    expect(metrics).toMatch(new RegExp(`build_info\\{[^}]*model="${name}",model_sha256="${version}`));
  }
});

it('the OpenAPI document has a path for each, no operation twice, and its examples work', async () => {
  const { paths } = (await ask('GET', '/openapi.json')).body;
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/predict',
      `/predict/line/versions/${third}`,
      '/predict/other',
      `/v2/models/line/versions/${third}/infer`,
    ]),
  );
  const ids = new Set();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId, requestBody }] of Object.entries(methods)) {
      expect(ids).not.toContain(operationId);
      ids.add(operationId);
      if (requestBody === undefined) continue;
      const { status } = await ask(method.toUpperCase(), path, requestBody.content['application/json']?.example);
      expect(`${path} ${status}`).toBe(`${path} 200`);
    }
  }
});
