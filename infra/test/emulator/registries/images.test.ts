import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pulledImages } from '../../../emulator/registries/images.ts';
import {
  emulatedHosts,
  emulatedLogin,
  type RunningRegistry,
  startRegistry,
} from '../../../emulator/registries/registry.ts';
import { createRegistryClient, type RegistryClient } from '../../../registry/client.ts';
import { writeSampleLayout } from '../../registry/sample-image.ts';

let folder: string;
let registry: RunningRegistry;
let client: RegistryClient;
let ref: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-images-'));
  registry = await startRegistry('azure', { folder: join(folder, 'registry') });
  client = createRegistryClient({ resolveHost: emulatedHosts({ azure: registry }), authenticate: emulatedLogin });
  const layout = join(folder, 'layout');
  const digest = await writeSampleLayout(layout, [{ entries: [{ name: 'srv/main.js', content: 'run' }] }]);
  await client.pushLayout(layout, `${registry.host}/trireme:r1`);
  ref = `${registry.host}/trireme@${digest}`;
});
afterEach(async () => {
  client.close();
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

it('an image arrives as files and as what is needed to run it, once', async () => {
  const images = pulledImages(client, join(folder, 'pulled'));
  const [image, again] = await Promise.all([images.pull('azure', ref), images.pull('azure', ref)]);
  expect(again).toBe(image);
  expect(ref).toContain(image?.digest);
  expect(await readFile(join(image?.directory ?? '', 'srv/main.js'), 'utf8')).toBe('run');
  expect(image?.config).toEqual({
    entrypoint: ['node', 'main.js'],
    command: [],
    variables: { A: 'b=c' },
    workingDirectory: '/srv',
    exposedPort: 8080,
  });
});

it('an altered layer is never unpacked, and asked for again the next time', async () => {
  const images = pulledImages(client, join(folder, 'pulled'));
  registry.faults.alterLayer = true;
  await expect(images.pull('azure', ref)).rejects.toMatchObject({ code: 'digest-mismatch' });
  expect(await readdir(join(folder, 'pulled', 'azure'))).toEqual(['blobs']);
  registry.faults.alterLayer = false;
  expect((await images.pull('azure', ref)).digest).toMatch(/^sha256:/);
});
