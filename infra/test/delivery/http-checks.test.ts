import { describe, expect, test } from 'vitest';
import type { ReleaseIdentity } from '../../contract/release.ts';
import { type Asking, checkGoldenPredictions, checkIdentity, checkReadiness } from '../../delivery/http-checks.ts';
import { golden, World } from './world.ts';

const identity: ReleaseIdentity = { releaseId: 'rel-1-000000000000', imageDigest: 'sha256:a', buildId: 'bld-1' };
const wine = { name: 'wine', digest: `sha256:${'1'.repeat(64)}` };
const predictions = golden.cases.map(({ output }) => ({ predictionId: 'x', ...output }));

/** An endpoint that gives these answers in turn, the last one for ever; an Error is a broken connection. */
function asking(...answers: (() => Response | Error)[]): Asking & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    clock: new World().clock,
    everyMs: 1_000,
    forMs: 10_000,
    fetch: async (input, init) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)]?.() ?? new Error('none');
      asked.push(`${init?.method ?? 'GET'} ${String(input)}`);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}
const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status });
const platform = (status: number) => () => new Response('upstream connect error', { status });
const refused = () => new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
const url = 'http://service.test';

describe('identity', () => {
  test('is asked again while a router still shows the old release or none', async () => {
    const old = { ...identity, releaseId: 'rel-0-000000000000' };
    const ask = asking(refused, platform(503), json(old), json(identity));
    expect(await checkIdentity(ask, url, identity)).toMatchObject({ outcome: 'passed', source: `${url}/version` });
    expect(ask.asked).toHaveLength(4);
  });

  test.each([
    [
      'another release until the time is over is bad',
      json({ ...identity, releaseId: 'rel-9-0' }),
      'failed',
      'releaseId rel-9-0',
    ],
    [
      'a missing field is bad',
      json({ releaseId: identity.releaseId, imageDigest: 'sha256:a' }),
      'failed',
      'buildId missing',
    ],
    ['no answer says nothing', refused, 'errored', 'no answer: connect ECONNREFUSED'],
    ["a platform's own error says nothing", platform(503), 'errored', 'HTTP 503: upstream connect error'],
    ['a page that is not JSON says nothing', () => new Response('<html>'), 'errored', 'HTTP 200'],
  ] as const)('%s', async (_, answer, outcome, found) => {
    const ask = asking(answer);
    expect(await checkIdentity(ask, url, identity)).toMatchObject({ outcome, found: expect.stringContaining(found) });
    expect(ask.asked).toHaveLength(10);
  });
});

describe('readiness', () => {
  test('is waited for', async () => {
    const ask = asking(json({ ready: false, reason: 'warming up' }, 503), json({ ready: true }));
    expect(await checkReadiness(ask, url)).toMatchObject({ outcome: 'passed', seconds: expect.closeTo(1, 0) });
  });

  test.each([
    [
      'a service that says why it is not ready is bad',
      json({ reason: 'REGION is not set' }, 503),
      'failed',
      'not ready: REGION is not set',
    ],
    ["a platform's 503 says nothing", platform(503), 'errored', 'HTTP 503'],
  ] as const)('%s', async (_, answer, outcome, found) => {
    expect(await checkReadiness(asking(answer), url)).toMatchObject({ outcome, found: expect.stringContaining(found) });
  });
});

describe('golden predictions', () => {
  test('are asked for once, all together', async () => {
    const ask = asking(json({ model: wine, predictions }));
    const { check, predictions: rows } = await checkGoldenPredictions(ask, url, wine, golden);
    expect(check.outcome).toBe('passed');
    expect(rows).toHaveLength(golden.cases.length);
    expect(ask.asked).toEqual([`POST ${url}/predict`]);
  });

  const changed = (index: number, change: object) =>
    predictions.map((row, at) => (at === index ? { ...row, ...change } : row));
  test.each([
    [
      'another label',
      json({ model: wine, predictions: changed(3, { label: 'barbera' }) }),
      'case 3, field label: "barbera" instead of "barolo"',
      1,
    ],
    [
      'a number beyond the tolerance',
      json({ model: wine, predictions: changed(1, { confidence: 0.9002 }) }),
      'case 1, field confidence',
      1,
    ],
    [
      'a number that is none',
      json({ model: wine, predictions: changed(1, { confidence: null }) }),
      'null instead of 0.9',
      1,
    ],
    [
      'another model',
      json({ model: { name: 'wine', digest: `sha256:${'2'.repeat(64)}` }, predictions }),
      `answers of the model sha256:${'2'.repeat(64)}`,
      1,
    ],
    ['a row too few', json({ model: wine, predictions: predictions.slice(1) }), 'case 15, field (row)', 1],
    [
      'a refusal of the inputs',
      json({ error: 'expected alcohol', code: 'invalid' }, 400),
      'HTTP 400: expected alcohol',
      1,
    ],
    [
      "the service's own failure, again and again",
      json({ error: 'no model', code: 'internal' }, 500),
      'HTTP 500: no model',
      10,
    ],
  ] as const)('%s is bad', async (_, answer, found, times) => {
    const ask = asking(answer);
    const { check } = await checkGoldenPredictions(ask, url, wine, golden);
    expect(check).toMatchObject({ outcome: 'failed', found: expect.stringContaining(found) });
    expect(ask.asked).toHaveLength(times);
  });

  test('that a busy service or a platform refused are asked for again', async () => {
    const ask = asking(
      platform(429),
      platform(502),
      json({ model: wine, predictions: changed(0, { confidence: 0.90005 }) }),
    );
    expect((await checkGoldenPredictions(ask, url, wine, golden)).check.outcome).toBe('passed');
  });
});
