// The client against the service as an image starts it: what it asks and how it is answered, and clouds that die and hang under load.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RunningService, runService, settled } from '../../app/test/serving/process.ts';
import { imageWith, wineArtifact } from '../../app/test/wine.ts';
import { createClient, RefusedError } from '../src/client.ts';
import { load } from './load.ts';
import { near, nearAll } from './near.ts';

let cwd: string;
let record: Record<string, number>;
let expected: Record<string, unknown>;
let digest: string;

beforeAll(async () => {
  const wine = await wineArtifact();
  const [golden] = JSON.parse(String(wine.contents['golden.json'])).cases;
  record = golden.input;
  expected = near(golden.output);
  digest = wine.digest;
  ({ cwd } = await imageWith(wine.directory));
});

async function start(environment: Record<string, string> = {}): Promise<RunningService> {
  const service = await runService(cwd, environment);
  await settled(service);
  return service;
}

describe('the client and the service', () => {
  it('understand each other on every route', async () => {
    const key = 'a-key-only-this-test-knows';
    const { url } = await start({ API_KEYS: `test:${createHash('sha256').update(key).digest('hex')}` });
    const client = createClient({ endpoints: [`${url}/`], apiKey: key });
    const model = { name: 'wine', version: digest.slice(7, 19), digest };

    const one = await client.predict(record);
    expect(one).toEqual({ model, prediction: { predictionId: expect.any(String), ...expected } });
    const many = await client.predict([record, { ...record, proline: 1500 }]);
    expect(many.predictions).toHaveLength(2);
    expect(many.predictions[0]).toMatchObject(expected);

    expect((await client.predictWith('wine', record)).prediction).toMatchObject(expected);

    const names = Object.keys(record);
    const asBytes = names.map((name) => ({ name, data: Float64Array.of(record[name] ?? 0, 1) }));
    const asLists = names.map((name) => ({ name, data: [record[name] ?? 0, 1] }));
    const binary = await client.infer('wine', { inputs: asBytes, id: 'seven' });
    const listed = await client.infer('wine', { inputs: asLists });
    expect(binary).toMatchObject({ model_name: 'wine', model_version: model.version, id: 'seven' });
    expect(binary.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['label', [2, 1]],
      ['confidence', [2, 1]],
      ['probabilities', [2, 3]],
    ]);
    const numbers = ({ outputs }: typeof binary) => outputs.map(({ data }) => Array.from<unknown>(data).map(Number));
    expect(binary.outputs.map(({ data }) => ArrayBuffer.isView(data))).toEqual([true, true, true]);
    expect(numbers(binary)).toEqual(numbers(listed).map(nearAll));
    const selected = await client.infer('wine', { inputs: asLists, outputs: ['confidence'], binary: true });
    expect(selected.outputs).toMatchObject([{ name: 'confidence', datatype: 'FP32', shape: [2, 1] }]);
    expect(selected.outputs[0]?.data).toBeInstanceOf(Float32Array);
    expect(numbers(selected)).toEqual([nearAll(numbers(listed)[1] ?? [])]);

    expect(await client.models()).toEqual(['wine']);
    expect((await client.metadata('wine')).inputs.map(({ name }) => name)).toEqual(names);
    expect(await client.ready()).toEqual([{ endpoint: url, answer: true }]);
    expect(await client.version()).toMatchObject([{ endpoint: url, answer: { models: [model] } }]);
    expect(client.endpoints()).toMatchObject([{ endpoint: url, circuit: 'closed', failing: 0 }]);

    const refused = client.predict({ ...record, alcohol: 'strong' });
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    await expect(refused).rejects.toMatchObject({
      kind: 'refused',
      status: 400,
      code: 'input-invalid',
      endpoint: url,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      message: expect.stringContaining('`alcohol`: expected a number'),
    });
    await expect(createClient({ endpoints: [url] }).predict(record)).rejects.toMatchObject({
      kind: 'refused',
      code: 'unauthorized',
    });
    await expect(client.metadata('../../version')).rejects.toMatchObject({ kind: 'refused', status: 404 });
  });

  it('may speak across origins: a page may send what the client sends, and read what it reads', async () => {
    const { url } = await start({ CORS_ORIGINS: 'https://page.example' });
    const sent = new Set<string>();
    const watched = async (address: string, init: RequestInit) => {
      for (const name of new Headers(init.headers).keys()) sent.add(name);
      return fetch(address, init);
    };
    const client = createClient({ endpoints: [url], apiKey: 'any', fetch: watched });
    await client.predict(record);
    await client.infer('wine', {
      inputs: Object.entries(record).map(([name, x]) => ({ name, data: Float64Array.of(x) })),
    });
    const preflight = await fetch(`${url}/predict`, {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
    });
    const listIn = (name: string) => (preflight.headers.get(name) ?? '').split(', ');
    expect([...sent].filter((name) => !listIn('access-control-allow-headers').includes(name))).toEqual([]);
    expect(listIn('access-control-expose-headers')).toEqual(
      expect.arrayContaining(['x-request-id', 'retry-after', 'inference-header-content-length']),
    );
  });

  it('lose no call when one of three clouds is killed and another hangs', async () => {
    const [survivor, victim] = [await start(), await start()];
    const sockets = new Set<Socket>();
    const hanging = createServer((socket) => sockets.add(socket.on('error', () => {})));
    hanging.listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const address = hanging.address() as { readonly port: number };
    const endpoints = [`http://127.0.0.1:${address.port}`, victim.url, survivor.url];
    const client = createClient({ endpoints, tryTimeoutMs: 1000 });
    const proline = async (x: number) => {
      const { prediction } = await client.predict({ ...record, proline: 500 + x });
      // Which number it was about, the service does not say: that it is a prediction must do.
      return prediction.p_1 === undefined ? undefined : x * 2;
    };
    const lost = await load(1000, 16, proline, (index) => {
      if (index === 300) victim.process.kill('SIGKILL');
      return undefined;
    });
    for (const socket of sockets) socket.destroy();
    hanging.close();
    expect(lost).toEqual([]);
    expect(sockets.size).toBeGreaterThan(0);
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
  });
});
