import { createServer, type RequestListener, request as send } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../engines/compiled.ts';
import { readArtifact } from '../../model/artifact.ts';
import { AppError } from '../../model/errors.ts';
import { handedOver } from '../../serving/http/handover.ts';
import { quickPredict } from '../../serving/http/quick-predict.ts';
import { listen } from '../../serving/http/server.ts';
import { Life } from '../../serving/life.ts';
import { createLog } from '../../serving/log.ts';
import { createMetrics } from '../../serving/metrics/metrics.ts';
import { Served } from '../../serving/models/served.ts';
import { createPredictor, type Predictor } from '../../serving/predictor.ts';
import { createStatistics } from '../../serving/protocols/statistics.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { wineArtifact } from '../wine.ts';

let service: Service;
let predictor: Predictor;
let folder: string;
let url: string;

beforeAll(async () => {
  const { directory } = await wineArtifact();
  folder = directory;
  predictor = createPredictor(await readArtifact(directory), compile(await readArtifact(directory)));
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    MAX_ROWS: '100000',
    BODY_LIMIT_BYTES: '33554432',
    MAX_EVENT_LOOP_DELAY_MS: '0',
  });
  const identity = { buildId: 'b', releaseId: null, imageDigest: null };
  service = await startService(settings, identity, async () => [{ directory }], createLog('error'));
  await service.started;
  url = `http://127.0.0.1:${service.port}/predict`;
});
afterAll(() => service.stop({ grace: false }));

async function post(body: string, type = 'application/json') {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  return { status: response.status, headers: [...response.headers.keys()], text: await response.text() };
}
const withoutIds = (text: string) => text.replaceAll(/"predictionId":"[0-9a-f-]{36}"/g, '"predictionId":""');

/** Microseconds that this thread has computed: time in which the machine did something else is none of its. */
const computed = () => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

describe('the quick way', () => {
  // A parameter that changes nothing sends a request the careful way.
  const careful = 'application/json; charset=UTF-8; x=1';

  it('answers byte for byte what the careful way answers, with the same headers', async () => {
    const record = predictor.example;
    const many = Array.from({ length: 700 }, (_, index) => ({ ...record, proline: 300 + index }));
    for (const body of [record, [record], { instances: [record, record] }, many].map((one) => JSON.stringify(one))) {
      const [quick, slow] = [await post(body), await post(body, careful)];
      expect(quick.status).toBe(200);
      expect(withoutIds(quick.text)).toBe(withoutIds(slow.text));
      expect(quick.headers).toEqual(slow.headers);
      const ids = JSON.parse(quick.text).predictions.map((one: { predictionId: string }) => one.predictionId);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it.each(['{', '7', 'null', '[]', '[1]', '{"a":1}', '{"instances":1}', '\uFEFF{}', `[${'{},'.repeat(30_000)}{}]`])(
    'refuses %.20s in the words of the careful way',
    async (body) => {
      const [quick, slow] = [await post(body), await post(body, careful)];
      expect(quick.status).toBeGreaterThanOrEqual(400);
      expect([quick.status, quick.text, quick.headers]).toEqual([slow.status, slow.text, slow.headers]);
    },
  );

  it('counts the same', async () => {
    const read = async () => {
      const text = await (await fetch(url.replace('/predict', '/metrics'))).text();
      const names = [
        'inference_rows_total',
        'prediction_class_total',
        'prediction_confidence_count',
        'http_request_duration_seconds_count{method="POST",route="/predict",status="200"}',
      ];
      return names.map((name) =>
        text
          .split('\n')
          .filter((line) => line.startsWith(name))
          .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
      );
    };
    const body = JSON.stringify([predictor.example, predictor.example]);
    const before = await read();
    await post(body);
    const between = await read();
    await post(body, careful);
    const after = await read();
    const difference = (a: number[], b: number[]) => a.map((value, index) => value - (b[index] ?? 0));
    expect(difference(between, before)).toEqual([2, 2, 2, 1]);
    expect(difference(after, between)).toEqual([2, 2, 2, 1]);
  });

  it('gives the event loop its turn during 100,000 rows: it computes no longer at once than three times as JSON.parse of them takes', async () => {
    const body = Buffer.from(JSON.stringify(Array(100_000).fill(predictor.example)));
    const ratios: number[] = [];
    // The best of a few: a collection of garbage can only make a stall longer.
    for (let round = 0; round < 6 && !ratios.some((ratio) => ratio <= 3); round++) {
      const started = computed();
      JSON.parse(body.toString('utf8'));
      const parsing = computed() - started;
      let answered = false;
      const answer = postRaw(body).finally(() => {
        answered = true;
      });
      let longest = 0;
      for (let last = computed(); !answered; ) {
        await turn();
        const now = computed();
        longest = Math.max(longest, now - last);
        last = now;
      }
      expect(await answer).toBe(200);
      ratios.push(longest / parsing);
    }
    expect(Math.min(...ratios)).toBeLessThanOrEqual(3);
  });
});

describe('an engine whose runs cost much before the first row', () => {
  it('computes requests that come together in one run, and hands over those that it fails for', async () => {
    const artifact = await readArtifact(folder);
    const engine = compile(artifact);
    const runs: number[] = [];
    let fails = false;
    const costly = createPredictor(artifact, {
      ...engine,
      run(inputs, rows) {
        runs.push(rows);
        for (const end = performance.now() + 0.2; performance.now() < end; );
        if (fails) throw new Error('the engine failed');
        return engine.run(inputs, rows);
      },
    });
    const life = new Life();
    life.loaded(Served.of([{ predictor: costly, label: 'champion' }]));
    life.ready();
    const others: RequestListener = (request, response) => {
      response.statusCode = 503;
      response.end(handedOver(request)?.refusal?.code ?? handedOver(request)?.body);
    };
    const metrics = createMetrics();
    const limits = { bodyLimitBytes: 10_000, maxRows: 10 };
    const dependencies = { life, metrics, limits, gate: () => undefined, requestLog: undefined };
    const server = createServer(quickPredict({ ...dependencies, statistics: createStatistics() }, others));
    try {
      const port = await listen(server, '127.0.0.1', 0);
      const body = JSON.stringify(costly.example);
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      const ask = () => fetch(`http://127.0.0.1:${port}/predict`, init);
      // The first ones open the connections.
      await Promise.all(Array.from({ length: 16 }, ask));
      runs.length = 0;
      const answers = await Promise.all(Array.from({ length: 16 }, ask));
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      const alone = costly.predict([costly.example])[0];
      for (const text of texts) expect(JSON.parse(text).predictions[0]).toMatchObject({ ...alone });
      runs.pop();
      expect(runs.reduce((sum, rows) => sum + rows, 0)).toBe(16);
      expect(runs.length).toBeLessThan(16);

      fails = true;
      const failed = await ask();
      expect([failed.status, await failed.text()]).toEqual([503, body]);

      costly.blocks.batcher.submit = () => Promise.reject(new AppError('overloaded', 'full'));
      const refused = await ask();
      expect(await refused.text()).toBe('overloaded');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

/** Reads the answer without keeping it: this process measures itself. */
function postRaw(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = send(url, { method: 'POST', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject).end(body);
  });
}
