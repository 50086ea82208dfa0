// What each kind of answer means for the call.
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/errors.ts';
import { readJson } from '../../src/json.ts';
import { outcomeOf } from '../../src/transport/outcome.ts';

const endpoint = 'https://service.example';

function outcome(status: number, body: string, headers: Record<string, string> = {}) {
  const answer = { endpoint, status, headers: new Headers(headers), body: new TextEncoder().encode(body) };
  return outcomeOf(answer, readJson, 0);
}

const said = (code: string) => JSON.stringify({ error: 'expected this, found that', code });

describe('an answer', () => {
  it('is what was read of it', () => {
    expect(outcome(200, '{"a":1}')).toEqual({ kind: 'answered', value: { a: 1 } });
  });

  it.each(['{"a":', '[1]', 'null', '', '\u0000'])('that is not what was asked for fails the endpoint: %j', (body) => {
    expect(outcome(200, body)).toMatchObject({ kind: 'failed', failure: { endpoint, reason: 'answer-malformed' } });
  });

  it.each([
    [400, 'input-invalid', 'refused'],
    [413, 'rows-too-many', 'refused'],
    [401, 'unauthorized', 'turned-away'],
    [403, 'forbidden', 'turned-away'],
    [404, 'model-unknown', 'turned-away'],
    [404, 'not-found', 'turned-away'],
  ])('with %i and %s is the no of the service: %s', (status, code, kind) => {
    const found = outcome(status, said(code), { 'x-request-id': 'r1' });
    expect(found).toEqual({ kind, error: expect.any(RefusedError) });
    expect(found).toMatchObject({
      error: { endpoint, status, code, requestId: 'r1', message: 'expected this, found that' },
    });
  });

  it.each([
    ['a page', 404, '<h1>Error: Page not found</h1>'],
    ['a site that was stopped', 403, 'Error 403 - This web app is stopped.'],
    ['the error of something else', 404, '{"error":"no route"}'],
    ['a redirect', 302, ''],
  ])('that is not the service’s fails the endpoint: %s', (_what, status, body) => {
    expect(outcome(status, body)).toMatchObject({ kind: 'failed', failure: { reason: 'not-the-service', status } });
  });

  it.each<[number, string, Record<string, string>, object]>([
    [500, said('internal'), {}, { status: 500, code: 'internal', message: 'expected this, found that' }],
    [503, said('overloaded'), { 'retry-after': '2' }, { status: 503, code: 'overloaded' }],
    [503, '{"live":true,"ready":false,"reason":"draining"}', {}, { message: 'draining' }],
    [502, '<html>', {}, { status: 502, message: 'status 502' }],
    [429, said('rate-limited'), { 'retry-after': '60' }, { status: 429, code: 'rate-limited' }],
    [408, '', {}, { status: 408 }],
  ])('with %i is a failure that passes', (status, body, headers, failure) => {
    const seconds = headers['retry-after'];
    const found = outcome(status, body, headers);
    expect(found).toMatchObject({ kind: 'failed', failure: { endpoint, reason: 'unavailable', ...failure } });
    expect('pauseMs' in found ? found.pauseMs : undefined).toBe(
      seconds === undefined ? undefined : Number(seconds) * 1000,
    );
  });
});
