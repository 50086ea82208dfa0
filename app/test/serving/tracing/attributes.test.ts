import { describe, expect, it } from 'vitest';
import { arrivalOf, isTraced, outcomeOf, type RequestLine } from '../../../serving/tracing/attributes.ts';
import { traceFields, traceOf, traceresponseOf } from '../../../serving/tracing/ids.ts';
import { samplerOf } from '../../../serving/tracing/sampler.ts';
import { tracesUrl } from '../../../serving/tracing/tracing.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it.each([
    [`00-${trace}-${span}-01`, { traceId: trace, spanId: span, isSampled: true }],
    [`00-${trace}-${span}-02`, { traceId: trace, spanId: span, isSampled: false }],
    [`cc-${trace}-${span}-01-more`, { traceId: trace, spanId: span, isSampled: true }],
    [`00-${trace}-${span}-01-more`, undefined],
    [`ff-${trace}-${span}-01`, undefined],
    [`00-${'0'.repeat(32)}-${span}-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [`00-${trace.toUpperCase()}-${span}-01`, undefined],
    ['', undefined],
  ])('%s', (given, expected) => expect(traceOf(given)).toEqual(expected));

  it('is answered as traceresponse', () => {
    expect(traceresponseOf({ traceId: trace, spanId: span, isSampled: true })).toBe(`00-${trace}-${span}-01`);
    expect(traceresponseOf({ traceId: trace, spanId: span, isSampled: false })).toBe(`00-${trace}-${span}-00`);
  });
});

describe('a log line’s trace', () => {
  const ids = { traceId: trace, spanId: span, isSampled: true };
  const fields = { trace_id: trace, span_id: span, trace_flags: '01' };

  it('has OpenTelemetry’s names', () => expect(traceFields(ids, null)).toEqual(fields));

  it('has Google Cloud’s beside them where the project is known', () => {
    expect(traceFields(ids, 'shop')).toEqual({
      ...fields,
      'logging.googleapis.com/trace': `projects/shop/traces/${trace}`,
      'logging.googleapis.com/spanId': span,
      'logging.googleapis.com/trace_sampled': true,
    });
  });
});

describe('a span', () => {
  const line = (more: Partial<RequestLine>): RequestLine => ({
    method: 'POST',
    url: '/predict',
    headers: { host: 'a.example:8080', 'user-agent': 'curl/8' },
    httpVersion: '1.1',
    ...more,
  });
  const facts = { requestId: 'r-1', route: '/predict', status: 200, code: undefined, inferred: undefined };

  it('begins with what the request says', () => {
    expect(arrivalOf(line({}))).toEqual({
      name: 'POST',
      attributes: {
        'http.request.method': 'POST',
        'url.scheme': 'http',
        'url.path': '/predict',
        'network.protocol.version': '1.1',
        'user_agent.original': 'curl/8',
        'server.address': 'a.example',
        'server.port': 8080,
      },
    });
  });

  it.each([
    ['a query', line({ url: '/v2?key=secret' }), 'url.path', '/v2'],
    ['a made-up method', line({ method: 'BREW' }), 'http.request.method', '_OTHER'],
    ['a long path', line({ url: `/${'a'.repeat(5000)}` }), 'url.path', `/${'a'.repeat(255)}`],
    ['a host that is none', line({ headers: { host: 'a b' } }), 'server.address', undefined],
    ['IPv6', line({ headers: { host: '[::1]:80' } }), 'server.address', '[::1]'],
  ])('with %s', (_, request, attribute, expected) => {
    expect(arrivalOf(request).attributes[attribute]).toBe(expected);
  });

  it('ends with the route, the status and the model', () => {
    const inferred = { model: 'wine', version: 'e33', rows: 3 };
    expect(outcomeOf('POST', { ...facts, inferred })).toEqual({
      name: 'POST /predict',
      error: undefined,
      attributes: {
        'http.response.status_code': 200,
        'http.route': '/predict',
        'trireme.request.id': 'r-1',
        'trireme.model.name': 'wine',
        'trireme.model.version': 'e33',
        'trireme.rows': 3,
      },
    });
  });

  it.each([
    ['a refusal is no error of ours', { status: 400, code: 'input-invalid' as const }, undefined],
    ['a fault is, by its code', { status: 500, code: 'internal' as const }, 'internal'],
    ['overload is', { status: 503, code: 'overloaded' as const }, 'overloaded'],
    ['one without a code has its status', { status: 503 }, '503'],
  ])('%s', (_, outcome, error) => {
    const ended = outcomeOf('POST', { ...facts, ...outcome });
    expect([ended.error, ended.attributes['error.type']]).toEqual([error, error]);
  });

  it('has no route where none matched, so that a name is one of few', () => {
    const { name, attributes } = outcomeOf('GET', { ...facts, route: 'unmatched', status: 404, code: 'not-found' });
    expect([name, attributes['http.route']]).toEqual(['GET', undefined]);
  });

  it.each([
    ['/predict', true],
    ['/v2/models/wine/infer', true],
    ['/v2/health/ready', false],
    ['/metrics', false],
    ['/monitoring/prometheus/metrics', false],
  ])('of %s: %s', (url, expected) => expect(isTraced(url)).toBe(expected));
});

describe('where spans go', () => {
  const none = { otlpEndpoint: null, otlpTracesEndpoint: null, otelDisabled: false, ignored: [] };
  const rest = {
    tracesSampler: 'always_on',
    tracesSamplerRatio: 1,
    spanDelayMs: 1,
    spanTimeoutMs: 1,
    spanQueueSize: 1,
  } as const;
  it.each([
    [{}, undefined],
    [{ otlpEndpoint: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    [{ otlpEndpoint: 'http://c:4318/otlp/' }, 'http://c:4318/otlp/v1/traces'],
    [{ otlpEndpoint: 'http://c/?key=a' }, 'http://c/v1/traces?key=a'],
    [{ otlpEndpoint: 'http://c', otlpTracesEndpoint: 'http://t/x' }, 'http://t/x'],
    [{ otlpEndpoint: 'http://c', otelDisabled: true }, undefined],
  ])('%j: %s', (given, expected) => expect(tracesUrl({ ...none, ...rest, ...given })).toBe(expected));
});

describe('a sampler', () => {
  it.each([
    ['always_on', 'AlwaysOnSampler'],
    ['always_off', 'AlwaysOffSampler'],
    ['traceidratio', 'TraceIdRatioBased{0.25}'],
    ['parentbased_always_off', 'ParentBased{root=AlwaysOffSampler,'],
    ['parentbased_traceidratio', 'ParentBased{root=TraceIdRatioBased{0.25},'],
  ] as const)('%s is %s', (name, expected) => expect(samplerOf(name, 0.25).toString()).toContain(expected));
});
