// Spans of a running service, as a collector gets them over OTLP/HTTP.
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { wineArtifact } from '../../wine.ts';

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let record: string;
let collector: Server;
let endpoint: string;
let spans: WireSpan[];
let resources: Record<string, unknown>[];
let lines: string[];
let service: Service | undefined;
/** What the collector does with a request; answers by default. */
let answers: boolean;

const plain = (attributes: WireSpan['attributes']) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.intValue ?? Object.values(value)[0]]));

beforeAll(async () => {
  wine = await wineArtifact();
  record = JSON.stringify(JSON.parse(String(wine.contents['golden.json'])).cases[0].input);
});

beforeEach(async () => {
  [spans, resources, lines, answers] = [[], [], [], true];
  collector = createServer(async (request, response) => {
    if (!answers) return;
    const body = JSON.parse(await text(request));
    expect([request.method, request.url, request.headers['content-type']]).toEqual([
      'POST',
      '/v1/traces',
      'application/json',
    ]);
    for (const { resource, scopeSpans } of body.resourceSpans) {
      resources.push(plain(resource.attributes));
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address = collector.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterEach(async () => {
  await service?.stop({ grace: false });
  service = undefined;
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

async function started(environment: Record<string, string> = {}): Promise<Service> {
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    REQUEST_LOG: 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...environment,
  });
  const identity = { buildId: 'bld-1', releaseId: 'rel-1', imageDigest: null };
  const write = (line: string) => lines.push(line);
  service = await startService(settings, identity, async () => [wine], createLog('info', write), {
    writeRequests: write,
  });
  await service.started;
  return service;
}

async function ask(path: string, headers: Record<string, string> = {}, body: string | undefined = record) {
  const init = body === '' ? {} : { method: 'POST', body };
  const response = await fetch(`http://127.0.0.1:${service?.port}${path}`, {
    ...init,
    headers: { 'content-type': 'application/json', ...headers },
  });
  await response.text();
  return response;
}
const metricsText = async () => (await fetch(`http://127.0.0.1:${service?.port}/metrics`)).text();
const logged = (id: string) =>
  lines
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .find(({ requestId }) => requestId === id);

describe('a request', () => {
  it('is a span under the caller’s, sent at the latest when the service stops, and its log line names it', async () => {
    await started({ GOOGLE_CLOUD_PROJECT: 'shop' });
    const quick = await ask('/predict', { 'x-request-id': 'one', traceparent: `00-${trace}-${parent}-01` });
    const rows = JSON.stringify([JSON.parse(record), JSON.parse(record)]);
    const own = await ask('/predict', { 'x-request-id': 'two' }, rows);
    await ask('/v1/models/wine:predict', { 'x-request-id': 'three' }, `{"instances":[${record}]}`);
    const refused = await ask('/predict', { 'x-request-id': 'four' }, '{"alcohol":1}');
    await ask('/v2/health/ready', {}, '');
    expect([quick.status, own.status, refused.status]).toEqual([200, 200, 400]);
    await service?.stop({ grace: false });

    const byId = new Map(spans.map((span) => [plain(span.attributes)['trireme.request.id'], span]));
    expect([...byId.keys()].sort()).toEqual(['four', 'one', 'three', 'two']);
    const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((id) => byId.get(id));
    const version = quick.headers.get('x-request-id') === 'one' ? service?.life.models[0]?.version : undefined;
    expect(one).toMatchObject({ traceId: trace, parentSpanId: parent, name: 'POST /predict', kind: 2 });
    expect(quick.headers.get('traceresponse')).toBe(`00-${trace}-${one?.spanId}-01`);
    expect(plain(one?.attributes ?? [])).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/predict',
      'http.response.status_code': 200,
      'trireme.model.name': 'wine',
      'trireme.model.version': version,
      'trireme.rows': 1,
    });
    expect(BigInt(one?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(one?.startTimeUnixNano ?? 0));
    expect(two?.parentSpanId ?? '').toBe('');
    expect(plain(two?.attributes ?? [])).toMatchObject({ 'trireme.rows': 2 });
    expect(plain(three?.attributes ?? [])).toMatchObject({ 'trireme.model.name': 'wine', 'trireme.rows': 1 });
    expect(plain(four?.attributes ?? [])).toMatchObject({
      'http.response.status_code': 400,
      'trireme.error.code': 'input-invalid',
    });
    expect(resources[0]).toMatchObject({
      'service.name': 'trireme',
      'service.version': 'bld-1',
      'trireme.release': 'rel-1',
    });
    const model = { model: 'wine', version };
    expect([logged('one'), logged('two'), logged('three'), logged('four')]).toMatchObject([
      { ...model, rows: 1 },
      { ...model, rows: 2 },
      { ...model, rows: 1 },
      model,
    ]);
    expect(logged('four')).not.toHaveProperty('rows');
    expect(logged('one')).toMatchObject({
      trace_id: trace,
      span_id: one?.spanId,
      'logging.googleapis.com/trace': `projects/shop/traces/${trace}`,
    });
    expect(logged('two')).toMatchObject({ trace_id: two?.traceId, span_id: two?.spanId });
  });

  it('is sampled as its caller says, and by the standard variables where nobody says', async () => {
    await started({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    const own = await ask('/predict');
    expect(own.headers.get('traceresponse')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await ask('/predict', { traceparent: `00-${trace}-${parent}-00` });
    await ask('/predict', { traceparent: `00-${trace}-${parent}-01` });
    await service?.stop({ grace: false });
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([parent]);
  });

  it('has no span, and its answer no header, where no endpoint is set', async () => {
    await started({ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_SAMPLER: 'xray' });
    const ignored = lines.filter((line) => line.includes('setting ignored'));
    expect(ignored).toEqual([expect.stringMatching(/OTEL_TRACES_SAMPLER: expected choice, .*found \\"xray/)]);
    expect((await ask('/predict')).headers.has('traceresponse')).toBe(false);
    await service?.stop({ grace: false });
    expect(spans).toEqual([]);
  });
});

describe('a collector that is away', () => {
  it('delays no prediction, is counted, and is said once', async () => {
    const gone = endpoint;
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
    // One span is sent at once, so that there is something to count soon.
    await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${gone.replace('//', '//me:hunter2@')}/?key=hunter2`,
      OTEL_BSP_SCHEDULE_DELAY: '1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    });
    for (let count = 0; count < 20; count++) expect((await ask('/predict')).status).toBe(200);
    await expect
      .poll(metricsText, { timeout: 60_000, interval: 100 })
      .toMatch(/^trace_spans_total\{outcome="failed"\} [1-9]/m);
    const said = lines.filter((line) => line.includes('spans could not be sent'));
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] ?? '{}')).toMatchObject({ to: `${gone}/v1/traces` });
    expect(lines.join('')).not.toContain('hunter2');
    collector = createServer();
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  });

  it('that hangs neither delays a prediction nor the end, and what has no room is dropped and counted', async () => {
    answers = false;
    await started({ OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_BSP_MAX_QUEUE_SIZE: '5' });
    for (let count = 0; count < 30; count++) expect((await ask('/predict')).status).toBe(200);
    await expect.poll(metricsText).toMatch(/^trace_spans_total\{outcome="dropped"\} [1-9]/m);
    // It ends although the collector never answers: the test would not end otherwise.
    await service?.stop({ grace: false });
    expect(lines.at(-1)).toContain('"message":"stopped"');
  });
});
