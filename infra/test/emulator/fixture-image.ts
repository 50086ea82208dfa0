// A tiny image as an OCI layout, and what it takes to push it and run it on the emulated App Service, whose registry needs no repository made.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Digest, digestOf } from '../../contract/canonical.ts';
import { emulatedAuthorization } from '../../emulator/registries/credentials.ts';
import { writeLayer } from '../../image/tar-layer.ts';
import { createRegistryClient } from '../../registry/client.ts';
import { mediaTypes } from '../../registry/oci.ts';

const application = `
import { createServer } from 'node:http';
import { build } from './build.ts';
const server = createServer((_request, response) => response.end(build satisfies string));
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

/** @returns the layout and its digest. The application answers every request with `build`. */
export async function tinyImage(build: string): Promise<{ layout: string; digest: Digest }> {
  const layout = await mkdtemp(join(tmpdir(), 'trireme-image-'));
  const blobs = join(layout, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const source = async (name: string, text: string) => {
    await writeFile(join(layout, name), text);
    return { path: `srv/${name}`, source: join(layout, name) };
  };
  const files = [
    await source('main.ts', application),
    await source('build.ts', `export const build: string = '${build}';\n`),
    await source('package.json', '{"type": "module"}'),
  ];
  const layer = await writeLayer(files, blobs);
  const blob = async (mediaType: string, value: unknown) => {
    const bytes = canonicalJson(value);
    const digest = digestOf(bytes);
    await writeFile(join(blobs, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes) };
  };
  const config = await blob(mediaTypes.config, {
    os: 'linux',
    architecture: 'amd64',
    config: { Entrypoint: ['node', 'main.ts'], WorkingDir: '/srv', Env: ['NODE_ENV=production'] },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const image = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
  const manifest = await blob(mediaTypes.manifest, image);
  await writeFile(join(layout, 'index.json'), canonicalJson({ schemaVersion: 2, manifests: [manifest] }));
  return { layout, digest: manifest.digest };
}

/** Pushes to the emulated ACR. @returns the reference by digest. */
export async function push(environment: Readonly<Record<string, string>>, build: string): Promise<string> {
  const { layout, digest } = await tinyImage(build);
  const hosts = new Map(
    (environment.TRIREME_REGISTRY_HOSTS ?? '').split(',').map((one) => one.split('=', 2) as [string, string]),
  );
  const [host = ''] = [...hosts.keys()].filter((one) => one.endsWith('.azurecr.io'));
  const client = createRegistryClient({
    resolveHost: (name) => hosts.get(name) ?? '',
    authenticate: async () => emulatedAuthorization.azure,
  });
  const ref = `${host}/tiny@${digest}`;
  await client.pushLayout(layout, ref);
  client.close();
  await rm(layout, { recursive: true });
  return ref;
}

export async function putSite(environment: Readonly<Record<string, string>>, imageRef: string): Promise<string> {
  const site = `subscriptions/${environment.ARM_SUBSCRIPTION_ID}/resourceGroups/g/providers/Microsoft.Web/sites/tiny`;
  const answer = await fetch(`${environment.TRIREME_ARM_ENDPOINT}/${site}?api-version=2025-05-01`, {
    method: 'PUT',
    body: JSON.stringify({
      location: 'westeurope',
      identity: { type: 'SystemAssigned' },
      properties: { siteConfig: { linuxFxVersion: `DOCKER|${imageRef}`, acrUseManagedIdentityCreds: true } },
    }),
  });
  const { properties } = (await answer.json()) as { properties: { defaultHostName: string } };
  return `http://${properties.defaultHostName}/`;
}
