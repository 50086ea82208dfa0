// The protocols beside JSON tensors: binary tensors, compression, deadlines, statistics, TensorFlow Serving's and KServe's v1.

import { request as plainRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../engines/load.ts';
import { readArtifact } from '../../model/artifact.ts';
import { createLog } from '../../serving/log.ts';
import { createPredictor } from '../../serving/predictor.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { wineArtifact } from '../wine.ts';

let service: Service;
let version: string;
let record: Record<string, number>;
let expected: Record<string, number>;

beforeAll(async () => {
  const wine = await wineArtifact();
  const golden = JSON.parse(String(wine.contents['golden.json'])).cases[0];
  record = golden.input;
  // By the engine that serves: its last digits are its own.
  const artifact = await readArtifact(wine.directory);
  const [row] = createPredictor(artifact, await loadEngine(artifact)).predict([record]);
  expected = row as Record<string, number>;
  version = wine.digest.slice(7, 19);
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1', BODY_LIMIT_BYTES: '200000', MAX_ROWS: '300' });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const log = createLog('error', () => {});
  service = await startService(settings, identity, async () => [wine], log);
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

/** Node's own client: nothing is added to what the test says, and nothing undone in what comes back. */
async function ask(method: string, path: string, body?: Buffer | object, headers: Record<string, string> = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const sent = bytes === undefined ? headers : { 'content-length': String(bytes.length), ...headers };
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    plainRequest({ host: '127.0.0.1', port: service.port, method, path, headers: sent }, resolve)
      .on('error', reject)
      .end(bytes);
  });
  const raw = await buffer(answer);
  const json = () => JSON.parse(raw.toString());
  return { status: answer.statusCode, headers: answer.headers, raw, json };
}

const infer = '/v2/models/wine/infer';

/** A request with every field of `rows` equal records as a binary tensor. */
function binary(rows: number, more: object = {}) {
  const inputs = Object.keys(record).map((name) => ({
    name,
    datatype: 'FP64',
    shape: [rows, 1],
    parameters: { binary_data_size: rows * 8 },
  }));
  const json = Buffer.from(JSON.stringify({ inputs, ...more }));
  const data = Object.values(record).map((value) => Buffer.from(new Float64Array(rows).fill(value).buffer));
  return {
    body: Buffer.concat([json, ...data]),
    headers: { 'inference-header-content-length': String(json.length) },
  };
}

describe('binary tensors', () => {
  it('are read and answered, in the order they were asked for', async () => {
    const { body, headers } = binary(2, {
      id: 'b1',
      parameters: { binary_data_output: true },
      outputs: [
        { name: 'probabilities' },
        { name: 'confidence', parameters: { binary_data: false } },
        { name: 'label' },
      ],
    });
    const answer = await ask('POST', infer, body, headers);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/octet-stream']);
    const length = Number(answer.headers['inference-header-content-length']);
    expect(JSON.parse(answer.raw.subarray(0, length).toString())).toEqual({
      model_name: 'wine',
      model_version: version,
      id: 'b1',
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [2, 3], parameters: { binary_data_size: 24 } },
        { name: 'confidence', datatype: 'FP32', shape: [2, 1], data: [expected.confidence, expected.confidence] },
        { name: 'label', datatype: 'INT64', shape: [2, 1], parameters: { binary_data_size: 16 } },
      ],
    });
    const tail = answer.raw.subarray(length);
    expect(tail).toHaveLength(40);
    expect(tail.readFloatLE(8)).toBe(expected.p_3);
    expect(tail.readBigInt64LE(32)).toBe(BigInt(expected.label ?? 0));
  });

  it.each([
    ['a header longer than the body', { 'inference-header-content-length': '999999' }, 0, 'body-malformed', /at most/],
    ['a header length that is no number', { 'inference-header-content-length': 'x' }, 0, 'body-malformed', /at most/],
    [
      'no header for a model of many inputs',
      { 'inference-header-content-length': '0' },
      0,
      'input-invalid',
      /names the tensors/,
    ],
    ['less data than promised', {}, -1, 'input-invalid', /`proline`: expected 8 bytes of binary data.*found 7/],
    ['more data than promised', {}, 1, 'input-invalid', /found 1 bytes more/],
  ])('with %s are refused', async (_name, changed, bytes, code, message) => {
    const { body, headers } = binary(1);
    const sent = bytes > 0 ? Buffer.concat([body, Buffer.alloc(bytes)]) : body.subarray(0, body.length + bytes);
    const answer = await ask('POST', infer, sent, { ...headers, ...changed });
    expect([answer.status, answer.json()]).toEqual([400, { code, error: expect.stringMatching(message) }]);
  });

  it('may ask for the likeliest classes instead of the numbers', async () => {
    const outputs = [{ name: 'probabilities', parameters: { classification: 1 } }];
    const { body, headers } = binary(1, { outputs });
    const [tensor] = (await ask('POST', infer, body, headers)).json().outputs;
    const { label, confidence } = expected;
    expect(tensor).toEqual({
      name: 'probabilities',
      datatype: 'BYTES',
      shape: [1, 1],
      data: [`${confidence}:${Number(label) - 1}:${label}`],
    });
  });
});

describe('compression', () => {
  it('of a request is undone, whatever its type', async () => {
    const { body, headers } = binary(3);
    const answer = await ask('POST', infer, gzipSync(body), { ...headers, 'content-encoding': 'gzip' });
    expect(answer.json().outputs[1].shape).toEqual([3, 1]);
  });

  it('of a long answer is done when the client takes it', async () => {
    const { body, headers } = binary(300);
    const plain = await ask('POST', infer, body, headers);
    for (const [encoding, undo] of [
      ['gzip', gunzipSync],
      ['deflate', inflateSync],
    ] as const) {
      const answer = await ask('POST', infer, body, { ...headers, 'accept-encoding': encoding });
      expect(answer.headers['content-encoding']).toBe(encoding);
      expect(answer.raw.length).toBeLessThan(plain.raw.length / 2);
      expect(undo(answer.raw)).toEqual(plain.raw);
    }
    const refused = await ask('POST', infer, body, { ...headers, 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  it.each([
    ['a bomb', gzipSync(Buffer.alloc(10_000_000)), 'gzip', 413, 'body-too-large'],
    ['what it is not', Buffer.from('plain'), 'gzip', 400, 'body-malformed'],
    ['another kind', Buffer.from('x'), 'br', 415, 'media-type-unsupported'],
    ['nothing', gzipSync(''), 'gzip', 400, 'body-malformed'],
  ])('with %s inside is refused', async (_name, body, encoding, status, code) => {
    const answer = await ask('POST', infer, body, { 'content-encoding': encoding });
    expect([answer.status, answer.json()]).toEqual([status, { code, error: expect.any(String) }]);
    // The service still answers: nothing of the refused body is left on the connection.
    expect((await ask('GET', '/v2/health/live')).status).toBe(200);
  });
});

describe('the parameters of a request', () => {
  it('a time-out that is over is told, a longer one is kept', async () => {
    const late = binary(1, { parameters: { timeout: 1 } });
    const inTime = binary(1, { parameters: { timeout: 60_000_000, priority: 1 } });
    const answer = await ask('POST', infer, late.body, late.headers);
    expect([answer.status, answer.json().code]).toEqual([503, 'deadline-exceeded']);
    expect((await ask('POST', infer, inTime.body, inTime.headers)).status).toBe(200);
  });

  it('are all named when they are wrong', async () => {
    const { body, headers } = binary(1, { id: 7, parameters: { timeout: -1, binary_data_output: 'yes' } });
    const { error } = (await ask('POST', infer, body, headers)).json();
    for (const word of ['`id`', '`timeout`', '`binary_data_output`']) expect(error).toContain(word);
  });
});

describe('versions and statistics', () => {
  it('answer for the version that is served and no other', async () => {
    for (const path of ['', '/ready', '/stats']) {
      expect((await ask('GET', `/v2/models/wine/versions/${version}${path}`)).status).toBe(200);
      const answer = await ask('GET', `/v2/models/wine/versions/7${path}`);
      expect([answer.status, answer.json().code]).toEqual([404, 'model-unknown']);
    }
  });

  it('count rows and failures', async () => {
    const before = (await ask('GET', '/v2/models/wine/stats')).json().model_stats[0];
    const { body, headers } = binary(5);
    await ask('POST', infer, body, headers);
    await ask('POST', infer, {});
    const after = (await ask('GET', '/v2/models/stats')).json().model_stats[0];
    expect(after.inference_count - before.inference_count).toBe(5);
    expect(after.execution_count - before.execution_count).toBe(1);
    expect(after.inference_stats.fail.count - before.inference_stats.fail.count).toBe(1);
    expect(after.inference_stats.compute_infer.ns).toBeGreaterThan(before.inference_stats.compute_infer.ns);
  });
});

describe("TensorFlow Serving's REST API", () => {
  const root = '/v1/models/wine';
  const tensors = () => {
    const { label, confidence, p_1, p_2, p_3 } = expected;
    return { label, confidence, probabilities: [p_1, p_2, p_3] };
  };

  it('predicts rows: named, nested, in order; escaped and by version and label', async () => {
    for (const path of ['', '/labels/stable', '/labels/champion', `/versions/${version}`]) {
      for (const row of [record, Object.values(record), { ...record, ash: [record.ash] }]) {
        const answer = await ask('POST', `${root}${path}:predict`, { instances: [row, row] });
        expect(answer.json()).toEqual({ predictions: [tensors(), tensors()] });
      }
    }
    expect((await ask('POST', `${root}%3Apredict`, { instances: [record] })).status).toBe(200);
  });

  it('predicts columns', async () => {
    const inputs = Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value, [value]]]));
    const { label, confidence, probabilities } = tensors();
    expect((await ask('POST', `${root}:predict`, { signature_name: 'serving_default', inputs })).json()).toEqual({
      outputs: {
        label: [label, label],
        confidence: [confidence, confidence],
        probabilities: [probabilities, probabilities],
      },
    });
  });

  it('classifies, with a context for all examples', async () => {
    const { ash, ...rest } = record;
    const { p_1, p_2, p_3 } = expected;
    const answer = await ask('POST', `${root}:classify`, { context: { ash }, examples: [rest] });
    expect(answer.json()).toEqual({
      results: [
        [
          ['1', p_1],
          ['2', p_2],
          ['3', p_3],
        ],
      ],
    });
  });

  it.each([
    [':predict', {}, 400, /either `instances`.*found none/],
    [':predict', { instances: [], inputs: {} }, 400, /found both/],
    [':predict', { instances: [] }, 400, /at least one record/],
    [':predict', { instances: [[1, 2]] }, 400, /rows of 13 values.*one of 2/],
    [
      ':predict',
      { instances: [{ ash: 'x', colour: 1 }] },
      400,
      /unknown field "colour".*missing field `alcohol`.*`ash`: expected a number/,
    ],
    [':predict', { inputs: { ash: [1], hue: [1, 2] } }, 400, /"hue": expected 1 rows/],
    [':predict', { signature_name: 'x', instances: [] }, 400, /serving_default/],
    [':predict', { instances: Array(301).fill(0) }, 413, /at most 300/],
    [':classify', { context: { ash: 1 }, examples: [{ ash: 1 }] }, 400, /in both/],
    [':classify', { examples: 1 }, 400, /`examples`: expected a list/],
    [':regress', { examples: [{}] }, 400, /expected a model for regression/],
    [':explode', {}, 404, /one of :predict, :classify, :regress/],
    ['x:predict', {}, 404, /^Servable not found for request: Latest\(winex\)/],
    ['/versions/7:predict', {}, 404, /^Servable not found for request: Specific\(wine, 7\)/],
    ['/labels/canary:predict', {}, 404, /a label of wine \(champion, stable\), found "canary"/],
  ])('POST %s with %j is %i', async (path, body, status, message) => {
    const answer = await ask('POST', `${root}${path}`, body);
    expect([answer.status, answer.json().error]).toEqual([status, expect.stringMatching(message)]);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('says status, for KServe too, and metadata', async () => {
    expect((await ask('GET', '/v1/models')).json()).toEqual({ models: ['wine'] });
    expect((await ask('GET', root)).json()).toEqual({
      name: 'wine',
      ready: true,
      model_version_status: [{ version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
    });
    const { model_spec, metadata } = (await ask('GET', `${root}/labels/stable/metadata`)).json();
    expect(model_spec).toEqual({ name: 'wine', signature_name: '', version });
    const { inputs, outputs } = metadata.signature_def.signature_def.serving_default;
    expect(Object.keys(inputs)).toEqual(Object.keys(record));
    expect(outputs.probabilities.tensor_shape.dim.map(({ size }: { size: string }) => size)).toEqual(['-1', '3']);
  });

  it.each([
    ['GET', ':predict', 'POST'],
    ['PUT', ':predict', 'POST'],
    ['POST', '', 'GET, HEAD'],
    ['POST', '/metadata', 'GET, HEAD'],
  ])('%s %s is 405', async (method, path, allow) => {
    const answer = await ask(method, `${root}${path}`);
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });
});
