import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../serving/log.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { nearly, wineArtifact } from '../wine.ts';

const lines: string[] = [];
const log = createLog('debug', (line) => lines.push(line));
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let service: Service;
let record: Record<string, number>;
let expected: unknown;

beforeAll(async () => {
  wine = await wineArtifact();
  const golden = JSON.parse(String(wine.contents['golden.json'])).cases[0];
  record = golden.input;
  expected = nearly(golden.output);
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    RELEASE_ID: 'rel-1-x',
    BODY_LIMIT_BYTES: '20000',
    MAX_ROWS: '30',
    LOG_LEVEL: 'debug',
  });
  const identity = { buildId: 'bld-1', releaseId: settings.releaseId, imageDigest: null };
  service = await startService(
    settings,
    identity,
    async () => [{ directory: wine.directory, digest: wine.digest }],
    log,
    { writeRequests: (text) => lines.push(...text.trimEnd().split('\n')) },
  );
  await service.started;
});
afterAll(() => service.stop({ grace: false }));

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${service.port}${path}`, init);
  const body = await response.text();
  return { status: response.status, headers: response.headers, body: body.startsWith('{') ? JSON.parse(body) : body };
}
function post(path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  return ask(path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

describe('POST /predict', () => {
  it('answers a record, an array and instances alike, with the golden prediction', async () => {
    const version = wine.digest.slice(7, 19);
    for (const body of [record, [record], { instances: [record] }]) {
      const { status, body: answer } = await post('/predict', body);
      expect(status).toBe(200);
      expect(answer.model).toEqual({ name: 'wine', version, digest: wine.digest });
      const [{ predictionId, ...row }] = answer.predictions;
      expect(row).toEqual(expected);
      expect(predictionId).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('answers many records in their order, each with an id of its own', async () => {
    const other = { ...record, proline: 1500, alcohol: 14 };
    const { body } = await post('/predict', [record, other, record]);
    const [a, b, c] = body.predictions;
    expect([a.label, a.confidence]).toEqual([c.label, c.confidence]);
    expect(a.confidence).not.toBe(b.confidence);
    expect(new Set([a.predictionId, b.predictionId, c.predictionId]).size).toBe(3);
  });

  const json = 'application/json';
  it.each([
    ['no body', '', json, 400, 'body-malformed', /found none/],
    ['half a document', '{"alcohol":', json, 400, 'body-malformed', /JSON/],
    ['a bare number', '7', json, 400, 'body-malformed', /object or array/],
    ['NaN, which is no JSON', '{"alcohol":NaN}', json, 400, 'body-malformed', /JSON/],
    ['no record', '[]', json, 400, 'input-invalid', /at least one record/],
    ['records that are none', '[1,null]', json, 400, 'input-invalid', /record 0: expected an object.*record 1/],
    ['instances that are no array', '{"instances":{}}', json, 400, 'input-invalid', /`instances`: expected an array/],
    ['instances and something else', '{"instances":[],"x":1}', json, 400, 'input-invalid', /"x" beside/],
    ['a missing field', '{}', json, 400, 'input-invalid', /missing field `alcohol`/],
    [
      '31 records where 30 are allowed',
      JSON.stringify(Array(31).fill({})),
      json,
      413,
      'rows-too-many',
      /at most 30 records, found 31/,
    ],
    ['a body beyond the limit', `[${' '.repeat(20_000)}]`, json, 413, 'body-too-large', /at most 20000 bytes/],
    [
      'a form',
      'a=1',
      'application/x-www-form-urlencoded',
      415,
      'media-type-unsupported',
      /application\/json, found "application\/x-www-form-urlencoded"/,
    ],
    ['JSON in another charset', '{}', 'application/json; charset=latin1', 415, 'media-type-unsupported', /UTF-8/],
  ])('refuses %s', async (_name, body, type, status, code, message) => {
    const answer = await post('/predict', body, { 'content-type': type });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: expect.stringMatching(message), code });
  });

  it.each([
    ['a string', '"13.2"', /`alcohol`: expected a number, found "13.2"/],
    ['null', 'null', /missing field `alcohol`/],
    ['a number beyond 64 bits', '1e999', /`alcohol`: .*32-bit/],
    ['a number beyond 32 bits', '1e39', /`alcohol`: .*32-bit/],
    ['a number beyond 32 bits once it is standardised', '3e38', /`alcohol`: .*32-bit/],
  ])('refuses %s where a number belongs, and names the field', async (_name, value, message) => {
    const body = JSON.stringify(record).replace(/"alcohol":[\d.]+/, `"alcohol":${value}`);
    const answer = await post('/predict', body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'input-invalid', error: expect.stringMatching(message) },
    });
  });

  it('refuses a compressed body without inflating it', async () => {
    const answer = await post('/predict', 'x', { 'content-type': json, 'content-encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 415, body: { code: 'media-type-unsupported' } });
  });

  it('tells a caller with a thousand faults about the first few', async () => {
    const { body } = await post('/predict', Array(30).fill({}));
    expect(body.error.length).toBeLessThan(1000);
    expect(body.error).toMatch(/and more/);
  });
});

describe('every answer', () => {
  it('has an id and the headers browsers obey, and does not say what it was made with', async () => {
    for (const answer of [await ask('/'), await ask('/nope'), await post('/predict', '{')]) {
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect([answer.headers.get('x-powered-by'), answer.headers.get('etag')]).toEqual([null, null]);
    }
  });

  it('repeats a well-formed id and replaces any other', async () => {
    expect((await ask('/', { headers: { 'x-request-id': 'abc-1' } })).headers.get('x-request-id')).toBe('abc-1');
    expect((await ask('/', { headers: { 'x-request-id': 'a b' } })).headers.get('x-request-id')).not.toBe('a b');
  });

  it.each([
    ['GET', '/nope', 404, 'not-found'],
    ['GET', '/%zz', 404, 'not-found'],
    ['GET', '/v2/models/%zz', 404, 'not-found'],
    ['GET', '/Version', 404, 'not-found'],
    ['GET', '/v2/models/half', 404, 'model-unknown'],
    ['POST', '/v2/models/half/infer', 404, 'model-unknown'],
    ['GET', '/v2/models/half/ready', 404, 'model-unknown'],
    ['GET', '/predict', 405, 'method-not-allowed'],
    ['OPTIONS', '/predict', 405, 'method-not-allowed'],
    ['DELETE', '/version', 405, 'method-not-allowed'],
    ['POST', '/v2/health/ready', 405, 'method-not-allowed'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const init =
      method === 'POST' ? { method, body: '{}', headers: { 'content-type': 'application/json' } } : { method };
    const answer = await ask(path, init);
    expect(answer).toMatchObject({ status, body: { code, error: expect.any(String) } });
    expect(Object.keys(answer.body)).toEqual(['error', 'code']);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
  });

  it('is an error of the same shape when the request is no HTTP, or has too many headers', async () => {
    for (const [request, status, code] of [
      ['NONSENSE\r\n\r\n', 400, 'body-malformed'],
      [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ] as const) {
      const socket = connect(service.port, '127.0.0.1');
      socket.write(request);
      const answer = await text(socket);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ error: expect.any(String), code });
    }
  });

  it('is logged as one JSON line with its route, never with its body', async () => {
    await post('/predict', '{"secret":"hush"}', { 'content-type': 'application/json', 'x-request-id': 'logged' });
    await expect.poll(() => lines.some((line) => line.includes('"logged"'))).toBe(true);
    const line = JSON.parse(lines.find((one) => one.includes('"logged"')) ?? '');
    expect(line).toMatchObject({
      severity: 'DEBUG',
      method: 'POST',
      route: '/predict',
      status: 400,
      code: 'input-invalid',
    });
    expect(lines.join()).not.toContain('hush');
  });
});

describe('the routes that say what this is', () => {
  it('GET /version names build, release, models and engine', async () => {
    expect((await ask('/version')).body).toEqual({
      buildId: 'bld-1',
      releaseId: 'rel-1-x',
      imageDigest: null,
      models: [
        {
          name: 'wine',
          version: wine.digest.slice(7, 19),
          digest: wine.digest,
          labels: ['champion'],
          engine: expect.any(String),
        },
      ],
      engine: expect.any(String),
      ready: true,
    });
  });

  it('GET / has an example that works as it stands', async () => {
    const { example } = (await ask('/')).body;
    const answer = await ask(example.path, {
      method: example.method,
      headers: example.headers,
      body: JSON.stringify(example.body),
    });
    expect(answer.status).toBe(200);
  });

  it('HEAD answers like GET, without a body', async () => {
    expect(await ask('/v2/health/ready', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('GET /metrics counts by route pattern and by class, never by what a request said', async () => {
    await post('/predict', [record, record]);
    await ask('/made-up/path/1');
    const { body, headers } = await ask('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(body).toMatch(/inference_rows_total\{model="wine",version="[0-9a-f]{12}"\} \d+/);
    expect(body).toMatch(/inference_requests_total\{.*outcome="refused",reason="input-invalid"\} \d+/);
    expect(body).toMatch(/http_request_duration_seconds_count\{method="POST",route="\/predict",status="200"\} \d+/);
    expect(body).toMatch(/prediction_class_total\{.*class="[123]"\} \d+/);
    expect(body).toMatch(
      /build_info\{version="bld-1",release="rel-1-x",model="wine",model_sha256="[0-9a-f]{64}",engine="[a-z+]+"\} 1/,
    );
    expect(body).toMatch(/process_start_time_seconds \d+/);
    expect(body).not.toContain('made-up');
    expect(body).not.toContain('half');
  });
});

describe('the Open Inference Protocol', () => {
  const columns = (values: Record<string, unknown>, change: object = {}) =>
    Object.entries(values).map(([name, value]) => ({
      name,
      datatype: 'FP64',
      shape: [1, 1],
      data: [value],
      ...change,
    }));

  it('describes server, model and health as the specification says', async () => {
    expect((await ask('/v2')).body).toEqual({
      name: 'trireme',
      version: 'bld-1',
      extensions: ['binary_tensor_data', 'classification', 'parameters', 'schedule_policy', 'statistics'],
    });
    expect((await ask('/v2/health/live')).body).toEqual({ live: true });
    expect((await ask('/v2/health/ready')).body).toEqual({ live: true, ready: true });
    expect((await ask('/v2/models/wine/ready')).body).toEqual({ name: 'wine', ready: true });
    const { body } = await ask('/v2/models/wine');
    expect(body).toMatchObject({ name: 'wine', versions: [wine.digest.slice(7, 19)], platform: 'tensorflowjs_layers' });
    expect(body.inputs[0]).toEqual({ name: 'alcohol', datatype: 'FP64', shape: [-1, 1] });
    expect(body.outputs).toEqual([
      { name: 'label', datatype: 'INT64', shape: [-1, 1] },
      { name: 'confidence', datatype: 'FP32', shape: [-1, 1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
    ]);
  });

  it('infers what /predict predicts, and repeats the id', async () => {
    const { body } = await post('/v2/models/wine/infer', { id: 'q7', inputs: columns(record) });
    const { label, confidence, p_1, p_2, p_3 } = expected as Record<string, number>;
    expect(body).toMatchObject({ model_name: 'wine', model_version: wine.digest.slice(7, 19), id: 'q7' });
    expect(body.outputs.map(({ data }: { data: unknown }) => data)).toEqual([[label], [confidence], [p_1, p_2, p_3]]);
  });

  it('takes flat and nested rows, and answers the outputs that were asked for', async () => {
    const inputs = Object.entries(record).map(([name, value], index) => ({
      name,
      datatype: 'FP32',
      shape: index % 2 ? [2] : [2, 1],
      data: index % 2 ? [value, value] : [[value], [value]],
    }));
    const { body } = await post('/v2/models/wine/infer', { inputs, outputs: [{ name: 'confidence' }] });
    expect(body.outputs).toEqual([{ name: 'confidence', datatype: 'FP32', shape: [2, 1], data: expect.any(Array) }]);
    expect(body.outputs[0].data).toHaveLength(2);
  });

  it.each([
    ['no inputs', {}, /`inputs`: expected a list of tensors, found nothing/],
    [
      'an unknown input',
      { inputs: [{ name: 'colour', datatype: 'FP64', shape: [1], data: [1] }] },
      /unknown input "colour"/,
    ],
    [
      'a missing input',
      { inputs: [{ name: 'alcohol', datatype: 'FP64', shape: [1], data: [1] }] },
      /missing field `ash`/,
    ],
    [
      'an input twice',
      { inputs: Array(2).fill({ name: 'ash', datatype: 'FP64', shape: [1], data: [1] }) },
      /one tensor, found two/,
    ],
    [
      'another datatype',
      { inputs: [{ name: 'ash', datatype: 'BYTES', shape: [1], data: ['1'] }] },
      /numeric datatype.*found "BYTES"/,
    ],
    [
      'a shape with two columns',
      { inputs: [{ name: 'ash', datatype: 'FP64', shape: [1, 2], data: [1, 2] }] },
      /shape \[rows\]/,
    ],
    [
      'a shape that promises more',
      { inputs: [{ name: 'ash', datatype: 'FP64', shape: [9], data: [1] }] },
      /expected 9 values.*found 1/,
    ],
    [
      'a binary tensor',
      { inputs: [{ name: 'ash', datatype: 'FP64', shape: [1], parameters: { binary_data_size: 8 } }] },
      /expected 8 bytes of binary data.*found 0/,
    ],
    [
      'a whole number beyond 2^53',
      { inputs: [{ name: 'ash', datatype: 'INT64', shape: [1], data: [2 ** 60] }] },
      /2\^53/,
    ],
    [
      'columns of different lengths',
      {
        inputs: [
          { name: 'ash', datatype: 'FP64', shape: [1], data: [1] },
          { name: 'hue', datatype: 'FP64', shape: [2], data: [1, 2] },
        ],
      },
      /expected 2 rows/,
    ],
    [
      'an unknown output',
      { inputs: [{ name: 'ash', datatype: 'FP64', shape: [1], data: [1] }], outputs: [{ name: 'value' }] },
      /`outputs`.*found "value"/,
    ],
  ])('refuses %s', async (_name, body, message) => {
    const answer = await post('/v2/models/wine/infer', body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'input-invalid', error: expect.stringMatching(message) },
    });
  });
});
