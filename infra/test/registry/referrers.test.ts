import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import { type Cloud, clouds } from '../../contract/stack.ts';
import { emulatedAuthorization } from '../../emulator/registries/credentials.ts';
import { emulatedHosts, type RunningRegistry, startRegistries } from '../../emulator/registries/registry.ts';
import { registryVendors } from '../../emulator/registries/vendors.ts';
import { createRegistryClient, type RegistryClient } from '../../registry/client.ts';
import { writeSampleLayout } from './sample-image.ts';

const repositories: Readonly<Record<Cloud, string>> = {
  aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme',
  gcp: 'europe-west1-docker.pkg.dev/p/trireme/app',
  azure: 'triremeemulated.azurecr.io/trireme',
};
const artifactType = 'application/vnd.cyclonedx+json';
const first = Buffer.from('{"bomFormat":"CycloneDX"}');
const second = Buffer.from('{"bomFormat":"CycloneDX","version":2}');

let folder: string;
let registries: Readonly<Record<Cloud, RunningRegistry>>;
let client: RegistryClient;
let digest: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-referrers-'));
  registries = await startRegistries(join(folder, 'registries'));
  registries.aws.createRepository('trireme', { immutableTags: true });
  registries.gcp.createRepository('p/trireme');
  client = createRegistryClient({
    resolveHost: emulatedHosts(registries),
    authenticate: async (host) => {
      const cloud = clouds.find((one) => registryVendors[one].hostPattern.test(host));
      return cloud === undefined ? undefined : emulatedAuthorization[cloud];
    },
    retryMilliseconds: 1,
  });
  const layout = join(folder, 'layout');
  digest = await writeSampleLayout(layout, [{ entries: [{ name: 'srv/main.js', content: '1' }] }]);
  await Promise.all(clouds.map((cloud) => client.pushLayout(layout, `${repositories[cloud]}:r1`)));
});
afterAll(async () => {
  client.close();
  await Promise.all(clouds.map((cloud) => registries[cloud].stop()));
  await rm(folder, { recursive: true, force: true });
});

describe.each(clouds)('documents beside an image in the registry of %s', (cloud) => {
  const image = () => `${repositories[cloud]}@${digest}`;

  it('are found by kind, each once, with the bytes they had', async () => {
    expect(await client.attached(image(), artifactType)).toEqual([]);
    const made = await client.attach(image(), { artifactType, bytes: first });
    expect(await client.attach(image(), { artifactType, bytes: first })).toBe(made);
    expect(await client.attached(image(), artifactType)).toEqual([first]);
    await client.attach(image(), { artifactType, bytes: second });
    expect((await client.attached(image(), artifactType)).map(String).sort()).toEqual(
      [String(first), String(second)].sort(),
    );
    expect(await client.attached(image(), 'text/plain')).toEqual([]);
  });

  it('leave the image as it is', async () => {
    expect(await client.resolve(`${repositories[cloud]}:r1`)).toBe(digest);
    expect(await client.resolve(image())).toBe(digest);
  });

  it('are listed by the registry, or under a tag where it keeps no list', async () => {
    const path = repositories[cloud].slice(repositories[cloud].indexOf('/') + 1);
    const { url } = registries[cloud];
    const headers = { authorization: emulatedAuthorization[cloud] };
    const filtered = await fetch(`${url}/v2/${path}/referrers/${digest}?artifactType=text/plain`, { headers });
    const tag = await fetch(`${url}/v2/${path}/manifests/${digest.replace(':', '-')}`, { headers });
    const lists = registryVendors[cloud].listsReferrers;
    expect([filtered.status, tag.status]).toEqual(lists ? [200, 404] : [404, 200]);
    const { manifests } = (await (lists ? filtered : tag).json()) as { manifests: unknown[] };
    expect(manifests).toHaveLength(lists ? 0 : 2);
    expect(filtered.headers.get('oci-filters-applied')).toBe(lists ? 'artifactType' : null);
  });
});

it('nothing is attached to an image that is not there', async () => {
  const missing = `${repositories.azure}@${digestOf('nothing')}`;
  await expect(client.attach(missing, { artifactType, bytes: first })).rejects.toMatchObject({ code: 'failed' });
  expect(await client.attached(missing, artifactType)).toEqual([]);
});

it('an altered document is refused', async () => {
  registries.azure.faults.alterLayer = true;
  await expect(client.attached(`${repositories.azure}@${digest}`, artifactType)).rejects.toMatchObject({
    code: 'digest-mismatch',
  });
  registries.azure.faults.alterLayer = false;
});
