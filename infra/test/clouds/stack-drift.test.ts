import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { lookForDrift } from '../../delivery/stack-drift.ts';
import { World } from '../delivery/world.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';
import { better, clock, type EmulatedClouds, emulatedClouds, good, release, stackOf } from './emulated-clouds.ts';

const stacks = fileURLToPath(new URL('../../../stacks/', import.meta.url));
const dev = stackOf('gcp', 'dev');
let clouds: EmulatedClouds;
let delivery: Delivery;

beforeAll(async () => {
  const names = ['gcp-foundation', 'gcp-dev'];
  const texts = names.map(async (name) => [name, await readFile(join(stacks, `Pulumi.${name}.yaml`), 'utf8')]);
  clouds = await emulatedClouds(Object.fromEntries(await Promise.all(texts)));
  await clouds.deployer.foundation('gcp');
  const manifest = release(good);
  const { service } = await clouds.deployer.deploy(dev, { manifest, stage: 'live' });
  expect(service).toBeDefined();
  const world = new World();
  delivery = { ...world.delivery(['gcp-dev']), deployer: clouds.deployer, provers: clouds.provers, clock, fetch };
  const actor = { login: 'ada', via: 'local' } as const;
  const at = new Date(clock.now()).toISOString();
  const common = { at, actor, release: releaseIdOf(manifest) };
  await delivery.ledger.append(() => [
    { ...common, kind: 'release', body: { manifest } },
    {
      ...common,
      kind: 'deployment',
      environment: 'dev',
      stack: 'gcp-dev',
      body: { attempt: 'first', state: 'healthy', replaced: null, seconds: 1 },
    },
  ]);
}, installationMilliseconds);
afterAll(() => clouds?.stop());

/** What a person does in the vendor's console: the same API, and nobody else hears of it. */
async function byHand(change: (service: Record<string, unknown>) => void): Promise<void> {
  const deployed = await clouds.deployer.deployed(dev);
  const url = `${clouds.plain.variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN}v2/${deployed?.coordinates.service}`;
  const read = async () => (await (await fetch(url)).json()) as Record<string, unknown>;
  const { template, scaling, ingress } = await read();
  const body = { template, scaling, ingress };
  change(body);
  const answer = await fetch(url, { method: 'PATCH', body: JSON.stringify(body) });
  expect(answer.status, await answer.text()).toBe(200);
  await expect.poll(async () => (await read()).reconciling === true).toBe(false);
}

async function state(): Promise<string> {
  const backend = clouds.plain.variables.PULUMI_BACKEND_URL?.replace('file://', '') ?? '';
  return readFile(join(backend, '.pulumi', 'stacks', 'trireme', 'gcp-dev.json'), 'utf8');
}

describe('drift, through the real engine', () => {
  it('finds none in what was just deployed', async () => {
    expect(await lookForDrift(delivery, 'dev')).toMatchObject([{ outcome: 'none', findings: [], untold: [] }]);
  });

  it('names field, declared and found where somebody changed the service by hand, and writes no state', async () => {
    const before = await state();
    await byHand((service) => {
      service.ingress = 'INGRESS_TRAFFIC_INTERNAL_ONLY';
    });
    const [found] = await lookForDrift(delivery, 'dev');
    expect(found).toMatchObject({
      outcome: 'drift',
      untold: [],
      findings: [{ field: 'ingress', declared: 'INGRESS_TRAFFIC_ALL', found: 'INGRESS_TRAFFIC_INTERNAL_ONLY' }],
    });
    expect(await state()).toBe(before);
  });

  it('finds another image three times: in the state, in the control plane, at the endpoint', async () => {
    const before = await state();
    await byHand((service) => {
      const text = JSON.stringify(service.template);
      const [from, to] = [good, better].map((digit) => release(digit).image.digest);
      service.template = JSON.parse(text.replaceAll(from ?? '', to ?? ''));
      delete (service.template as { revision?: string }).revision;
    });
    const [found] = await lookForDrift(delivery, 'dev');
    expect(found?.outcome).toBe('drift');
    const digest = release(better).image.digest;
    const told = found?.findings.filter((one) => one.found.includes(digest)).map(({ field }) => field);
    expect(told).toEqual(expect.arrayContaining(['control-plane', 'identity', expect.stringContaining('image')]));
    expect(await state()).toBe(before);
  });

  it('is put back by an update that reads the cloud first', async () => {
    await clouds.deployer.deploy(dev, { manifest: release(good), stage: 'live', readsBack: true });
    expect(await lookForDrift(delivery, 'dev')).toMatchObject([{ outcome: 'none', findings: [] }]);
  });

  it('cannot tell when nothing answers', async () => {
    const silent = { ...delivery, fetch: async () => Promise.reject(new Error('connection refused')) };
    const prover = clouds.provers['cloud-run'];
    const provers = { ...clouds.provers, 'cloud-run': { ...prover, prove: async () => [] } };
    const deployer = { ...clouds.deployer, drift: async () => [] };
    expect(await lookForDrift({ ...silent, provers, deployer }, 'dev')).toMatchObject([{ outcome: 'unknown' }]);
  });
});
