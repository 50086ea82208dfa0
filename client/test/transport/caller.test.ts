// One call from its beginning to its end, against clouds on loopback: deadlines, signals, hedges, pauses, budgets.
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, createClient, ExhaustedError, isClientError, TimedOutError } from '../../src/client.ts';
import { Cloud, type Fault } from '../cloud.ts';
import { load } from '../load.ts';

const started: Cloud[] = [];
afterEach(() => Promise.all(started.splice(0).map((cloud) => cloud.stop())));

async function clouds(...wrongs: readonly (Fault | undefined)[]): Promise<readonly Cloud[]> {
  const all = await Promise.all(wrongs.map(() => Cloud.start()));
  started.push(...all);
  await Promise.all(all.map((cloud, index) => wrongs[index] && cloud.goesWrong(wrongs[index])));
  return all;
}

const clientOf = (all: readonly Cloud[], options: Partial<ClientOptions> = {}) =>
  createClient({ endpoints: all.map(({ url }) => url), ...options });

describe('a call', () => {
  it('ends with every reason when every endpoint fails', async () => {
    const all = await clouds('refuses connections', 'answers 500', 'answers as a platform whose service is gone');
    const error = await clientOf(all)
      .predict({ x: 1 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExhaustedError);
    expect(isClientError(error)).toBe(true);
    const { failures, requestId, message } = error as ExhaustedError;
    expect(failures).toHaveLength(4);
    expect(failures).toEqual(
      expect.arrayContaining([
        { endpoint: all[0]?.url, reason: 'unreachable', message: expect.stringContaining('ECONNREFUSED') },
        {
          endpoint: all[1]?.url,
          reason: 'unavailable',
          status: 500,
          code: 'internal',
          message: 'a fault in the service',
        },
        { endpoint: all[2]?.url, reason: 'not-the-service', status: 404, message: expect.any(String) },
      ]),
    );
    for (const { url } of all) expect(message).toContain(url);
    // One id for all of them.
    expect(new Set(all.flatMap((cloud) => cloud.requestIds))).toEqual(new Set([requestId]));
  });

  it.each([
    ['a number that is none', { x: Number.NaN }, /expected finite numbers, found NaN/],
    ['a big integer', { x: 1n }, /what JSON can say/],
  ])('is not sent with %s', async (_what, record, message) => {
    const all = await clouds(undefined);
    const ended = clientOf(all).predict(record as { x: number });
    await expect(ended).rejects.toThrow(message);
    await expect(ended).rejects.toMatchObject({ kind: 'usage' });
    expect(all[0]?.received).toBe(0);
  });

  it('ends at its deadline, and says what it waited for', async () => {
    const all = await clouds('accepts and never answers');
    const error = await clientOf(all, { timeoutMs: 200, tryTimeoutMs: 50 })
      .predict({ x: 1 })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TimedOutError);
    expect(error.failures[0]).toMatchObject({ endpoint: all[0]?.url, reason: 'timed-out' });
    expect(error.message).toContain('within 200 ms');
  });

  it('ends with the reason of its signal', async () => {
    const all = await clouds('accepts and never answers');
    const client = clientOf(all, { timeoutMs: 60_000, tryTimeoutMs: 60_000 });
    const reason = new Error('enough');
    const controller = new AbortController();
    const ended = client.predict({ x: 1 }, { signal: controller.signal });
    ended.catch(() => {});
    await expect.poll(() => all[0]?.waiting).toBe(1);
    controller.abort(reason);
    await expect(ended).rejects.toBe(reason);
    await expect.poll(() => all[0]?.waiting).toBe(0);
    await expect(client.predict({ x: 1 }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(client.endpoints()).toMatchObject([{ circuit: 'closed', failing: 0 }]);
  });

  it('ends in the middle of a rest when its signal says so', async () => {
    const [cloud] = await clouds('answers 503 with Retry-After');
    if (cloud === undefined) return expect.unreachable();
    const controller = new AbortController();
    const ended = clientOf([cloud]).predict({ x: 1 }, { signal: controller.signal });
    ended.catch(() => {});
    await expect.poll(() => cloud.received).toBe(1);
    controller.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    expect(cloud.received).toBe(1);
  });

  it('leaves an endpoint alone for as long as it asked for, though it be the only one', async () => {
    const [cloud] = await clouds('answers 503 with Retry-After');
    if (cloud === undefined) return expect.unreachable();
    const client = clientOf([cloud]);
    const began = performance.now();
    const first = client.predict({ x: 21 });
    await expect.poll(() => cloud.received).toBe(1);
    await cloud.recovers();
    expect((await first).prediction.value).toBe(42);
    expect(performance.now() - began).toBeGreaterThanOrEqual(1000);
    expect(cloud.received).toBe(2);
  });

  it('does not wait for what comes too late', async () => {
    const all = await clouds('answers 503 with Retry-After');
    const client = clientOf(all, { timeoutMs: 900 });
    await expect(client.predict({ x: 1 })).rejects.toMatchObject({ kind: 'exhausted', failures: [{ status: 503 }] });
    await expect(client.predict({ x: 1 })).rejects.toMatchObject({
      kind: 'exhausted',
      failures: [{ reason: 'paused', code: 'overloaded', message: expect.stringMatching(/ms more: too many/) }],
    });
    expect(all[0]?.received).toBe(1);
  });
});

describe('a hedge', () => {
  it('brings the answer when the first endpoint is slow, and stays within its share', async () => {
    const all = await clouds(undefined, undefined);
    const client = clientOf(all, { hedge: { afterMs: 30, share: 0.4 }, tryTimeoutMs: 60_000, timeoutMs: 60_000 });
    for (const cloud of all) await cloud.goesWrong('accepts and never answers');
    const calls = [client.predict({ x: 1 }), client.predict({ x: 2 }), client.predict({ x: 3 })];
    const received = () => all.reduce((sum, cloud) => sum + cloud.received, 0);
    // Three calls have earned one hedge, and two tenths.
    await expect.poll(received).toBe(4);
    for (const cloud of all) await cloud.stop();
    expect(await Promise.allSettled(calls)).toHaveLength(3);
  });

  it('takes the first answer, and ends the other request', async () => {
    const [slow, quick] = await clouds('accepts and never answers', undefined);
    if (slow === undefined || quick === undefined) return expect.unreachable();
    const client = clientOf([slow, quick], {
      hedge: { afterMs: 20, share: 1 },
      tryTimeoutMs: 60_000,
      timeoutMs: 60_000,
    });
    const lost = await load(50, 2, async (x) => (await client.predict({ x })).prediction.value);
    expect(lost).toEqual([]);
    // No time-out was needed, and none ended what nobody waits for: that is a minute.
    expect(slow.received).toBeGreaterThan(0);
    await expect.poll(() => slow.waiting).toBe(0);
  });
});

describe('a refusal', () => {
  it('of one cloud alone is not the call’s, and is no speed to prefer that cloud for', async () => {
    const [quick, slow, slower] = await clouds('does not know the key', undefined, undefined);
    if (quick === undefined || slow === undefined || slower === undefined) return expect.unreachable();
    const client = clientOf([quick, slow, slower]);
    expect(await load(400, 8, async (x) => (await client.predict({ x })).prediction.value)).toEqual([]);
    expect(quick.received).toBeGreaterThan(0);
    expect(client.endpoints()[0]).toMatchObject({ latencyMs: undefined, failing: expect.any(Number) });
    expect(client.endpoints()[0]?.failing).toBeGreaterThan(0);
    expect(client.endpoints().slice(1)).toMatchObject([{ failing: 0 }, { failing: 0 }]);
    expect(quick.received).toBeLessThan(100);
  });

  it('of all of them is the call’s, each asked once, and speaks against none', async () => {
    const all = await clouds('does not know the model', 'does not know the model');
    const client = clientOf(all);
    for (let call = 1; call <= 5; call++) {
      await expect(client.predict({ x: 1 })).rejects.toMatchObject({
        kind: 'refused',
        status: 404,
        code: 'model-unknown',
      });
      expect(all.map(({ received }) => received)).toEqual([call, call]);
    }
    expect(client.endpoints()).toMatchObject([
      { circuit: 'closed', failing: 0, latencyMs: undefined },
      { circuit: 'closed', failing: 0, latencyMs: undefined },
    ]);
  });

  it('beside a cloud that is down is one of the reasons', async () => {
    const all = await clouds('forbids', 'refuses connections');
    await expect(clientOf(all, { retries: 1 }).predict({ x: 1 })).rejects.toMatchObject({
      kind: 'exhausted',
      failures: expect.arrayContaining([
        { endpoint: all[0]?.url, reason: 'refused', status: 403, code: 'forbidden', message: expect.any(String) },
      ]),
    });
  });
});

describe('an overload', () => {
  it('of all clouds sends nothing again, once the burst is spent', async () => {
    const all = await clouds('answers 500', 'answers 500', 'answers 500');
    const client = clientOf(all, { timeoutMs: 60_000 });
    const received = () => all.reduce((sum, cloud) => sum + cloud.received, 0);
    const fail = (calls: number) => load(calls, 50, async (x) => (await client.predict({ x })).prediction.value);
    expect(await fail(200)).toHaveLength(200);
    const before = received();
    expect(await fail(300)).toHaveLength(300);
    // A retry is earned by answers, and there are none.
    expect(received() - before).toBe(300);
  });

  it('of the only cloud loses no call: what has no room there waits here', async () => {
    const [cloud] = await clouds('sheds what is beyond two at once');
    if (cloud === undefined) return expect.unreachable();
    const client = clientOf([cloud], { timeoutMs: 60_000, tryTimeoutMs: 60_000 });
    expect(await load(300, 20, async (x) => (await client.predict({ x })).prediction.value)).toEqual([]);
    expect(cloud.shed).toBeGreaterThan(0);
    expect(cloud.received).toBe(300 + cloud.shed);
    expect(client.endpoints()).toMatchObject([{ circuit: 'closed', failing: 0 }]);
    // Those that were shed come back after one to two seconds, some of them twice.
  }, 60_000);
});
