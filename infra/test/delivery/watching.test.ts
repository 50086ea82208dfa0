import { describe, expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import type { Traffic, TrafficReader } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { judgeTraffic } from '../../delivery/watch.ts';
import { policyText, World } from './world.ts';

const rule = { seconds: 120, minRequests: 50, maxErrorPercent: 1, maxLatencyRatio: 2 };
const calm: Traffic = { requests: 1000, errors: 10, meanLatencyMs: 20 };

describe('traffic after a deployment, beside the traffic before it', () => {
  test.each<[string, Traffic | undefined, Traffic, string, string]>([
    ['as before', calm, calm, 'passed', 'passed'],
    ['errors up to the limit over what they were', calm, { ...calm, errors: 20 }, 'passed', 'passed'],
    ['fewer errors, and faster', calm, { requests: 500, errors: 0, meanLatencyMs: 5 }, 'passed', 'passed'],
    ['more errors than that', calm, { ...calm, errors: 21 }, 'failed', 'passed'],
    ['errors that were there before', { ...calm, errors: 300 }, { ...calm, errors: 300 }, 'passed', 'passed'],
    ['a slow first release', undefined, { ...calm, errors: 0, meanLatencyMs: 999 }, 'passed', 'passed'],
    ['errors on a first release', undefined, { ...calm, errors: 300 }, 'failed', 'passed'],
    ['twice as slow', calm, { ...calm, meanLatencyMs: 40 }, 'passed', 'passed'],
    ['slower than that', calm, { ...calm, meanLatencyMs: 40.1 }, 'passed', 'failed'],
    ['too few requests to tell', calm, { requests: 49, errors: 49, meanLatencyMs: 999 }, 'passed', 'passed'],
    [
      'too few before to compare latency with',
      { ...calm, requests: 49 },
      { ...calm, meanLatencyMs: 999 },
      'passed',
      'passed',
    ],
    [
      'errors that excuse nothing, of too few',
      { requests: 1, errors: 1 },
      { ...calm, errors: 300 },
      'failed',
      'passed',
    ],
    ['no latency told of', calm, { requests: 1000, errors: 10 }, 'passed', 'passed'],
  ])('%s', (_, before, after, errors, latency) => {
    const checks = judgeTraffic({ before, after, rule, seconds: 120, source: 'test' });
    expect(checks.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['traffic-errors', errors],
      ['traffic-latency', latency],
    ]);
  });

  test('too little of it says so', () => {
    const few = { before: calm, after: { requests: 3, errors: 3 }, rule, seconds: 120, source: 'test' };
    expect(judgeTraffic(few)[0]?.found).toBe('too few requests: 3 of 50');
  });
});

/** The first release runs in prod; the second one is promoted while its traffic is read by `read`. */
async function promoted(options: {
  readonly read: TrafficReader['read'];
  readonly lateSeconds?: number;
  readonly seconds?: number;
  readonly timeScale?: number;
}) {
  const { read, lateSeconds = 0, seconds = 60, timeScale = 1 } = options;
  const world = new World();
  const spans: { readonly release: string; readonly from: number; readonly to: number }[] = [];
  const reader: TrafficReader = {
    lateSeconds,
    async read(service, fromMs, toMs) {
      // Asking this world for the time takes it a millisecond.
      const at = (ms: number) => Math.round((ms - world.nowMs) / 1000) + 0;
      spans.push({ release: service.release.releaseId, from: at(fromMs), to: at(toMs) });
      return read(service, fromMs, toMs);
    },
  };
  const delivery: Delivery = world.delivery(['aws-dev', 'aws-prod'], {
    policy: parsePolicy(`${policyText}watch: { seconds: ${seconds} }\n`),
    traffic: { 'app-runner': reader },
    timeScale,
  });
  const first = await world.release();
  const second = await world.release();
  await deployRelease(delivery, first, 'prod');
  await deployRelease(delivery, second, 'dev');
  const { promotion } = await preparePromotion(delivery, second, 'prod');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const outcome = await promote(delivery, promotion.body.promotion);
  return { world, spans, outcome, stack: outcome.stacks[0], ids: [releaseIdOf(first), releaseIdOf(second)] as const };
}

/** What the release of that place in line meets; the other one is well. */
const sick = (place: number, traffic: Traffic): TrafficReader['read'] => {
  return async ({ release }) => (release.releaseId.startsWith(`rel-${place}-`) ? traffic : calm);
};

describe('a release that was proven', () => {
  test('is rolled back when people’s requests fail, and the ledger says why', async () => {
    const { stack, ids, world, spans } = await promoted({ read: sick(2, { ...calm, errors: 300 }) });
    expect(stack).toMatchObject({ state: 'reverted', runs: ids[0] });
    expect(stack?.checks).toContainEqual(expect.objectContaining({ name: 'control-plane', outcome: 'passed' }));
    expect(stack?.checks).toContainEqual(
      expect.objectContaining({ name: 'traffic-errors', outcome: 'failed', found: '30 % of 1000' }),
    );
    expect(world.serving.get('aws-prod')).toBe(ids[0]);
    // Two bad looks in a row are enough; the rest of the minute is not waited for.
    expect(spans.filter(({ release }) => release === ids[1])).toHaveLength(2);
  });

  test('stays when its requests fare as those before', async () => {
    const { stack, ids } = await promoted({ read: sick(2, calm) });
    expect(stack).toMatchObject({ state: 'healthy', runs: ids[1] });
    expect(stack?.checks).toContainEqual(expect.objectContaining({ name: 'traffic-latency', outcome: 'passed' }));
  });

  test('stays when the metrics can’t be read: the check that errored is told', async () => {
    const read = async () => {
      throw new DeliveryError('errored', 'App Runner: could not read its request metrics: AccessDenied');
    };
    const { stack } = await promoted({ read });
    expect(stack?.state).toBe('healthy');
    expect(stack?.checks).toContainEqual(
      expect.objectContaining({
        name: 'traffic-errors',
        outcome: 'errored',
        found: expect.stringContaining('AccessDenied'),
      }),
    );
  });
});

test('metrics that can’t be read excuse nothing that was seen before', async () => {
  let looks = 0;
  const { stack, ids } = await promoted({
    async read({ release }) {
      if (release.releaseId.startsWith('rel-1-')) return calm;
      looks += 1;
      if (looks !== 3)
        throw new DeliveryError('errored', 'App Runner: could not read its request metrics: AccessDenied');
      return { ...calm, errors: 300 };
    },
  });
  expect(looks).toBeGreaterThan(3);
  expect(stack).toMatchObject({ state: 'reverted', runs: ids[0], reason: expect.stringContaining('30 % of 1000') });
});

describe('how long is watched', () => {
  test('is until the metrics have told of the whole span, and before it as long a span that they have told of', async () => {
    const { spans, ids } = await promoted({ read: sick(2, calm), seconds: 60, lateSeconds: 120 });
    expect(spans.find(({ release }) => release === ids[0])).toMatchObject({ from: -180, to: -120 });
    const watched = spans.filter(({ release }) => release === ids[1]);
    expect(watched.at(-1)).toMatchObject({ from: -180, to: 0 });
  });

  test('is shorter where waiting is', async () => {
    const { spans, ids } = await promoted({ read: sick(2, calm), seconds: 100, timeScale: 25 });
    expect(spans.filter(({ release }) => release === ids[1])).toMatchObject([{ from: -4, to: 0 }]);
  });

  test('is not at all without a span in the policy: nobody is asked', async () => {
    const { spans, stack } = await promoted({ read: sick(2, calm), seconds: 0 });
    expect(stack?.state).toBe('healthy');
    expect(spans).toEqual([]);
  });
});
