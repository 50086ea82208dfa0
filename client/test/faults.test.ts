// The client's promise: one of three clouds goes wrong under load, in every way there is, and comes back; no call is lost.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, createClient } from '../src/client.ts';
import { Cloud, type Fault, faults } from './cloud.ts';
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

/** Goes wrong after a third of the calls and recovers after two thirds. Half the calls are then a new client's, which knows nobody and asks everybody. */
async function lossesThrough(fault: Fault, count: number, options: Partial<ClientOptions>) {
  const [sick] = clouds;
  const known = predictWith(options);
  let other = known;
  const predict = (x: number) => (x % 2 === 0 ? known : other)(x);
  return load(count, atOnce, predict, (index) => {
    if (index === Math.floor((2 * count) / 3)) return sick.recovers();
    if (index !== Math.floor(count / 3)) return undefined;
    other = predictWith(options);
    return sick.goesWrong(fault);
  });
}

describe.each(faults)('one of three clouds %s', (fault) => {
  it('and no call of many is lost, nor many sent twice', async () => {
    const share = Math.ceil(calls / faults.length);
    const before = received();
    expect(await lossesThrough(fault, share, {})).toEqual([]);
    expect(received() - before).toBeLessThan(share * 1.25);
  });

  it('and without another try calls are lost: the fault is real', async () => {
    const lost = await lossesThrough(fault, 150, { retries: 0, timeoutMs: 400, tryTimeoutMs: 400 });
    expect(lost.length).toBeGreaterThan(0);
  });
});
