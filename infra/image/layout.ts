// An OCI image written by trireme itself: no container engine, no base system, the same digest from the same commit and models everywhere.
// Only the emulated clouds run it, with the machine's own Node; real clouds refuse `builder: layout`.
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, type Digest, digestOf } from '../contract/canonical.ts';
import { servicePort } from '../contract/service.ts';
import { mediaTypes } from '../registry/oci.ts';
import { modulesLayer, workingFolder } from './modules-layer.ts';
import { type Layer, type LayerFile, writeLayer } from './tar-layer.ts';

export interface BuiltImage {
  /** An OCI layout holding this one image. */
  readonly layout: string;
  readonly digest: Digest;
  /** Manifest, configuration and layers together, in bytes. */
  readonly size: number;
  readonly builder: 'dockerfile' | 'layout';
  readonly builderVersion: string;
}

/** What an image says of itself, whoever built it. */
export interface ImageLabels {
  readonly commit: string;
  readonly repository: string;
  readonly buildId: string;
}

export interface LayoutOptions {
  /** As `prepareContext` made it. */
  readonly context: string;
  /** The checkout whose `node_modules` the image runs with. */
  readonly root: string;
  readonly cache: string;
  /** Emptied first. */
  readonly destination: string;
  readonly labels: ImageLabels;
}

/** Changes when the same inputs would give another image. */
export const layoutVersion = '2';

export async function buildLayout(options: LayoutOptions): Promise<BuiltImage> {
  const { context, root, cache, destination, labels } = options;
  const blobs = join(destination, 'blobs', 'sha256');
  await rm(destination, { recursive: true, force: true });
  await mkdir(blobs, { recursive: true });

  const all = await contextFiles(context);
  const isModel = ({ path }: LayerFile): boolean => path.startsWith(`${workingFolder}/models/`) || path === buildFile;
  const modules = await modulesLayer(root, cache);
  await copyFile(join(cache, hexOf(modules.digest)), join(blobs, hexOf(modules.digest)));
  const layers = [
    modules,
    await writeLayer(
      all.filter((file) => !isModel(file)),
      blobs,
    ),
    // Last, because it is what changes when a model is trained again.
    await writeLayer(all.filter(isModel), blobs),
  ];

  const config = await writeBlob(blobs, mediaTypes.config, configuration(layers, labels));
  const manifest = await writeBlob(blobs, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers,
  });
  await writeFile(
    join(destination, 'index.json'),
    canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [manifest] }),
  );
  await writeFile(join(destination, 'oci-layout'), canonicalJson({ imageLayoutVersion: '1.0.0' }));
  const size = [manifest, config, ...layers].reduce((total, blob) => total + blob.size, 0);
  return { layout: destination, digest: manifest.digest, size, builder: 'layout', builderVersion: layoutVersion };
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md for the first two. */
export function labelsOf({ commit, repository, buildId }: ImageLabels): Record<string, string> {
  return {
    'org.opencontainers.image.revision': commit,
    'org.opencontainers.image.source': repository,
    'dev.trireme.build-id': buildId,
  };
}

const buildFile = `${workingFolder}/build.json`;
/** npm needed them to install; nothing that runs does. */
const installOnly = ['package-lock.json', 'infra/package.json'];

function configuration(layers: readonly Layer[], labels: ImageLabels): object {
  return {
    os: 'linux',
    architecture: 'amd64',
    created: '1970-01-01T00:00:00Z',
    config: {
      User: '65532:65532',
      ExposedPorts: { [`${servicePort}/tcp`]: {} },
      Env: ['NODE_ENV=production'],
      Entrypoint: ['node', 'app/serving/main.js'],
      WorkingDir: `/${workingFolder}`,
      Labels: labelsOf(labels),
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
  };
}

async function contextFiles(context: string): Promise<LayerFile[]> {
  const entries = await readdir(context, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const source = join(entry.parentPath, entry.name);
      return { path: source.slice(context.length).replaceAll('\\', '/').replace(/^\/+/, ''), source };
    })
    .filter(({ path }) => !installOnly.includes(path))
    .map(({ path, source }) => ({ path: `${workingFolder}/${path}`, source }));
}

async function writeBlob(blobs: string, mediaType: string, document: object): Promise<Layer> {
  const bytes = canonicalJson(document);
  const digest = digestOf(bytes);
  await writeFile(join(blobs, hexOf(digest)), bytes);
  return { mediaType, digest, size: Buffer.byteLength(bytes) };
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
