// The client's promise: one of three clouds goes wrong under load, in every way there is, and comes back; no call is lost.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, createClient } from '../src/client.ts';
import { Cloud, faults } from './cloud.ts';
import { load } from './load.ts';

/** For all faults together. */
const calls = 10_000;
const atOnce = 32;
let clouds: readonly [Cloud, Cloud, Cloud];

beforeAll(async () => {
  // The one that goes wrong is the one that is preferred.
  clouds = [await Cloud.start(), await Cloud.start(4), await Cloud.start(8)];
});
afterAll(() => Promise.all(clouds.map((cloud) => cloud.stop())));

const received = () => clouds.reduce((sum, cloud) => sum + cloud.received, 0);

function predictWith(options: Partial<ClientOptions>) {
  const client = createClient({ endpoints: clouds.map(({ url }) => url), tryTimeoutMs: 1000, ...options });
  return async (x: number) => (await client.predict({ x })).prediction.value;
}

describe.each(faults)('one of three clouds %s', (fault) => {
  const share = Math.ceil(calls / faults.length);

  it('and no call of many is lost, nor many sent twice', async () => {
    const [sick] = clouds;
    const before = received();
    let untilBroken = 0;
    const lost = await load(share, atOnce, predictWith({}), (index) => {
      if (index === Math.floor(share / 3)) {
        untilBroken = sick.received;
        return sick.goesWrong(fault);
      }
      return index === Math.floor((2 * share) / 3) ? sick.recovers() : undefined;
    });
    expect(lost).toEqual([]);
    expect(untilBroken).toBeGreaterThan(0);
    expect(received() - before).toBeLessThan(share * 1.25);
  });

  it('and without another try calls are lost: the fault is real', async () => {
    const [sick] = clouds;
    const lost = await load(150, atOnce, predictWith({ retries: 0, timeoutMs: 400, tryTimeoutMs: 400 }), (index) =>
      index === 50 ? sick.goesWrong(fault) : undefined,
    );
    await sick.recovers();
    expect(lost.length).toBeGreaterThan(0);
  });
});
