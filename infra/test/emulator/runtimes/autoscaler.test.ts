import { afterEach, expect, it } from 'vitest';
import type { AutoscalingRule } from '../../../contract/runtime.ts';
import type { Scaling } from '../../../emulator/runtimes/autoscaler.ts';
import { HostedService } from '../../../emulator/runtimes/hosted-service.ts';
import { pause } from '../../../emulator/runtimes/probe.ts';
import { type Bench, bench, container, rules } from './fixture.ts';

const rule: AutoscalingRule = {
  metric: 'concurrency',
  target: { of: 'concurrency', share: 1 },
  windowSeconds: 20,
  outSeconds: 0,
  inSeconds: 100,
  onDemand: true,
};
const scaling = (changes: Partial<Scaling>): Scaling => ({
  rule,
  min: 1,
  max: 2,
  capacity: { concurrency: 2 },
  cpus: 1,
  ...changes,
});
const never = new AbortController().signal;
let clouds: Bench;
afterEach(() => clouds.stop());

/** A service whose platform waits a hundred times shorter: a hundred seconds idle are one. */
async function hosted(changes: Partial<Scaling>, behaviour = 'a-good'): Promise<HostedService> {
  clouds = await bench({ timeScale: 100, leastScalingSeconds: 0.5 });
  const concurrency = changes.capacity?.concurrency ?? 2;
  const service = await HostedService.open(clouds.host, 'gcp', 'scaled', { ...rules, concurrency });
  const revision = {
    name: 'r1',
    container: container(behaviour),
    rules: { ...rules, concurrency },
    scaling: scaling(changes),
  };
  expect(await service.replace(revision, never)).toBeUndefined();
  return service;
}

const countOf = (service: HostedService) => service.live?.backends().length ?? -1;

const until = (what: string, told: () => boolean) => expect.poll(told, { interval: 20, message: what }).toBe(true);

/** Keeps so many requests under way until stopped; each is one process's own answer. */
function load(url: string, clients: number, milliseconds: number) {
  let going = true;
  const statuses = new Map<number, number>();
  const pids = new Set<number>();
  const workers = Array.from({ length: clients }, async () => {
    while (going) {
      const answer = await fetch(`${url}/?wait=${milliseconds}`, { method: 'POST', body: 'x' });
      await answer.text();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const { pid } = (await (await fetch(`${url}/environment`)).json()) as { pid: number };
      pids.add(pid);
    }
  });
  return {
    statuses,
    pids,
    async stop() {
      going = false;
      await Promise.all(workers);
    },
  };
}

it('starts a second process for load that one cannot carry, shares the load, and lets it go again without losing a request', async () => {
  const service = await hosted({});
  expect(countOf(service)).toBe(1);
  const busy = load(service.url, 6, 60);
  await until('a second process', () => countOf(service) === 2);
  await until('answers of both', () => busy.pids.size === 2);
  // Six are under way where two times two fit: the maximum is kept to.
  expect(clouds.host.pids()).toHaveLength(2);
  await busy.stop();
  const trickle = load(service.url, 1, 10);
  await until('the second to go', () => countOf(service) === 1);
  await until('its process to end', () => clouds.host.pids().length === 1);
  await trickle.stop();
  expect([...busy.statuses.keys(), ...trickle.statuses.keys()]).toEqual([200, 200]);
  expect(service.log.lines().join('\n')).toMatch(/Scaling from 1 to 2 instances[\s\S]*Scaling from 2 to 1 instances/);
  // The minimum is kept to, long after nobody asks.
  await pause(1500);
  expect(countOf(service)).toBe(1);
});

it('goes to zero, and a request that comes then is held until a process is there', async () => {
  const service = await hosted({ min: 0 });
  await until('none', () => countOf(service) === 0);
  await until('the process to end', () => clouds.host.pids().length === 0);
  const answers = await Promise.all([1, 2, 3].map(() => fetch(service.url)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(countOf(service)).toBeGreaterThanOrEqual(1);
});

it('answers that it is unavailable when the start for a waiting request fails', async () => {
  const service = await hosted({ min: 0 });
  await until('none', () => clouds.host.pids().length === 0);
  await clouds.breakImage('a-good');
  const answer = await fetch(service.url);
  expect(answer.status).toBe(503);
  expect(service.log.lines().join('\n')).toContain('an instance did not start');
});

it('leaves a constant number alone, whatever is asked of it', async () => {
  const service = await hosted({ min: 1, max: 1 });
  const busy = load(service.url, 6, 40);
  await pause(1500);
  await busy.stop();
  expect([countOf(service), clouds.host.pids().length, [...busy.statuses.keys()]]).toEqual([1, 1, [200]]);
  expect(service.log.lines().join('\n')).not.toContain('Scaling');
});

it('follows the CPU of the real processes where the rule says so', async () => {
  const byCpu: AutoscalingRule = {
    metric: 'cpu',
    target: { of: 'cpuTarget', share: 1 },
    outSeconds: 50,
    inSeconds: 100,
    step: 'one',
  };
  const service = await hosted({ rule: byCpu, capacity: { concurrency: null, cpuPercent: 5 } }, 'a-good');
  expect(countOf(service)).toBe(1);
  // A busy machine gives even a process that burns little of its time.
  let burning = true;
  const burns = (async () => {
    while (burning) expect((await fetch(`${service.url}/burn?wait=500`)).status).toBe(200);
  })();
  await until('a second process', () => countOf(service) === 2);
  burning = false;
  await burns;
  await until('the second to go', () => countOf(service) === 1);
});
