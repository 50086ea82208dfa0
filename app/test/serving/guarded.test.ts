// The service with keys, a rate limit and CORS, over real requests.
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../serving/log.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { wineArtifact } from '../wine.ts';

const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');
const canary = 'canary-key-4711';
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let record: string;
let service: Service | undefined;
const lines: string[] = [];

beforeAll(async () => {
  wine = await wineArtifact();
  record = JSON.stringify(JSON.parse(String(wine.contents['golden.json'])).cases[0].input);
});
afterEach(async () => {
  await service?.stop({ grace: false });
  service = undefined;
});

async function started(environment: Record<string, string>): Promise<Service> {
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'debug', ...environment });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const write = (line: string) => lines.push(line);
  service = await startService(settings, identity, async () => [wine], createLog('debug', write), {
    writeRequests: write,
  });
  await service.started;
  return service;
}

function ask(path: string, headers: Record<string, string | string[]> = {}, method = 'GET', body?: string) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const call = request({ port: service?.port, host: '127.0.0.1', path, method, headers }, (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
        reject,
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}
const predict = (headers: Record<string, string | string[]> = {}) =>
  ask('/predict', { 'content-type': 'application/json', ...headers }, 'POST', record);

describe('a service with keys', () => {
  const environment = {
    API_KEYS: `shop:${digestOf('old')},shop:${digestOf(canary)}`,
    ADMIN_KEYS: `ops:${digestOf('ops')}`,
  };

  it('lets both keys of a rotation in and answers every wrong one alike', async () => {
    await started(environment);
    expect((await predict({ authorization: `Bearer ${canary}` })).status).toBe(200);
    expect((await predict({ 'x-api-key': 'old' })).status).toBe(200);
    const wrong = await Promise.all([
      predict(),
      predict({ authorization: 'Bearer wrong' }),
      predict({ authorization: 'Bearer c' }),
      predict({ authorization: `Bearer ${'c'.repeat(8000)}` }),
      predict({ authorization: `Basic ${canary}` }),
      predict({ 'x-api-key': [canary, canary] }),
      predict({ 'x-api-key': canary, authorization: `Bearer ${canary}` }),
      ask(`/predict?key=${canary}`, {}, 'POST'),
      ask('/v2/models/wine'),
      ask('http://x/v2/models/wine'),
    ]);
    expect(wrong.map(({ status }) => status)).toEqual(wrong.map(() => 401));
    expect(new Set(wrong.map(({ body }) => body)).size).toBe(1);
    expect(wrong[0]?.headers['www-authenticate']).toBe('Bearer');
  });

  it('has another scope for metrics, keeps health open, and never logs a key', async () => {
    await started(environment);
    const metrics = await Promise.all([
      ask('/metrics'),
      ask('http://x/metrics'),
      ask('/metrics/?a', { 'x-api-key': canary }),
      ask('/metrics', { 'x-api-key': 'ops' }),
    ]);
    expect(metrics.map(({ status }) => status)).toEqual([401, 401, 403, 200]);
    expect((await predict({ 'x-api-key': 'ops' })).status).toBe(403);
    for (const path of ['/', '/version', '/v2/health/live', '/v2/health/ready', '/v2/models/wine/ready'])
      expect((await ask(path)).status).toBe(200);
    await service?.stop({ grace: false });
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.join('')).not.toContain(canary);
    expect(JSON.stringify(metrics)).not.toContain(canary);
  });

  it('says in its OpenAPI document which routes need a key, and nothing of keys where none are set', async () => {
    const document = async () => JSON.parse((await ask('/openapi.json')).body);
    const secured = ({ paths }: { paths: Record<string, Record<string, { security?: unknown }>> }) =>
      Object.keys(paths).filter((path) => Object.values(paths[path] ?? {}).some(({ security }) => security));
    await started({ API_KEYS: `shop:${digestOf('old')}` });
    const predicting = await document();
    expect(Object.keys(predicting.components.securitySchemes)).toEqual(['bearer', 'apiKey']);
    expect(predicting.paths['/predict'].post.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    expect(secured(predicting)).toEqual(expect.arrayContaining(['/predict', '/v2/models/wine/infer']));
    for (const path of ['/', '/openapi.json', '/v2/health/ready', '/v2/models/wine/ready', '/metrics'])
      expect(secured(predicting)).not.toContain(path);
    await service?.stop({ grace: false });
    await started({ ADMIN_KEYS: `ops:${digestOf('ops')}` });
    expect(secured(await document())).toContain('/metrics');
    await service?.stop({ grace: false });
    await started({});
    const open = await document();
    expect([open.components.securitySchemes, secured(open)]).toEqual([undefined, []]);
  });

  // Each is another spelling of /metrics for some parser.
  it.each([
    'http://x/metrics',
    '/metrics#',
    '/metrics%23',
    '\\metrics',
    '/\\metrics',
    '/metrics\u00a0',
    '//metrics',
    '/%6detrics',
    '/./metrics',
  ])('does not take %s for an open route', async (path) => {
    const { port } = await started({ ADMIN_KEYS: `ops:${digestOf('ops')}` });
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1'));
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 40[014] /);
    expect(answer).not.toContain('process_cpu');
  });
});

describe('the rate limit of a service', () => {
  const burst = async (count: number) => {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++)
      statuses.push((await predict({ 'x-forwarded-for': `9.9.9.${index}` })).status);
    return statuses.filter((status) => status === 200).length;
  };

  it('is not evaded by made-up addresses, and by no more than one hop behind one proxy', async () => {
    await started({ RATE_LIMIT_PER_MINUTE: '10' });
    expect(await burst(15)).toBe(10);
    const { status, headers, body } = await predict();
    expect([status, headers['ratelimit-policy']]).toEqual([429, '"minute";q=10;w=60']);
    expect(headers.ratelimit).toMatch(/^"minute";r=0;t=\d+$/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(body)).toMatchObject({ code: 'rate-limited' });
    expect((await ask('/v2/health/ready')).status).toBe(200);
  });

  it('would be evaded if every hop were believed: the control', async () => {
    await started({ RATE_LIMIT_PER_MINUTE: '10', TRUST_PROXY: '5' });
    expect(await burst(15)).toBe(15);
  });
});

describe('CORS', () => {
  const origin = 'https://a.example';

  it('is off', async () => {
    await started({});
    const answer = await ask('/predict', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('answers preflights of the configured origin, no other', async () => {
    await started({ CORS_ORIGINS: origin });
    const preflight = (from: string) =>
      ask('/predict', { origin: from, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(await preflight(origin)).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': origin, vary: 'Origin' },
    });
    const other = await preflight('https://b.example');
    expect([other.status, other.headers['access-control-allow-origin'], other.headers.vary]).toEqual([
      405,
      undefined,
      'Origin',
    ]);
    expect(await predict({ origin })).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': origin },
    });
  });
});

describe('overload of a service', () => {
  it('refuses predictions beyond MAX_IN_FLIGHT, answers health, and recovers', async () => {
    const { port } = await started({ MAX_IN_FLIGHT: '2' });
    const agent = new Agent();
    const slow = [1, 2].map(() => {
      const call = request({
        port,
        host: '127.0.0.1',
        path: '/predict',
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': record.length },
      });
      call.write(record.slice(0, 5));
      return {
        call,
        status: new Promise((resolve) => call.on('response', (response) => resolve(response.statusCode))),
      };
    });
    await expect.poll(async () => (await predict()).status).toBe(503);
    const refused = await predict();
    expect([refused.headers['retry-after'], JSON.parse(refused.body).code]).toEqual(['1', 'overloaded']);
    expect((await ask('/v2/health/ready')).status).toBe(200);
    expect((await ask('/metrics')).body).toMatch(/requests_shed_total\{reason="in-flight"\} [1-9]/);
    for (const { call } of slow) call.end(record.slice(5));
    expect(await Promise.all(slow.map(({ status }) => status))).toEqual([200, 200]);
    await expect.poll(async () => (await predict()).status).toBe(200);
    agent.destroy();
  });

  it('cuts off slow heads, slow bodies and more connections than it takes', async () => {
    const { port } = await started({
      HEADERS_TIMEOUT_SECONDS: '1',
      REQUEST_TIMEOUT_SECONDS: '1.5',
      MAX_CONNECTIONS: '20',
    });
    const open = (first: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(first);
      return text(socket).catch(() => '');
    };
    const slow = Array.from({ length: 18 }, (_, index) =>
      open(
        index % 2 === 0
          ? 'POST /predict HTTP/1.1\r\nHost: x\r\n'
          : 'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      ),
    );
    const surplus = Array.from({ length: 20 }, () => open(''));
    expect((await Promise.all(slow)).filter((answer) => !answer.startsWith('HTTP/1.1 408 '))).toEqual([]);
    await Promise.all(surplus);
    expect((await predict()).status).toBe(200);
  });
});

describe('a request log line', () => {
  it('joins the caller’s trace, and only a valid one', async () => {
    await started({ LOG_LEVEL: 'info', REQUEST_LOG: 'on' });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await predict({ 'x-request-id': 'traced', traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    await predict({ 'x-request-id': 'untraced', traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
    await service?.stop({ grace: false });
    const written = lines
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const of = (id: string) => written.find(({ requestId }) => requestId === id);
    expect(of('traced')).toMatchObject({
      severity: 'INFO',
      message: 'request',
      trace_id: trace,
      span_id: '00f067aa0ba902b7',
      trace_flags: '01',
      method: 'POST',
      route: '/predict',
      status: 200,
    });
    expect(of('untraced')).not.toHaveProperty('trace_id');
  });
});
