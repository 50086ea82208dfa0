// A small image as an OCI layout on disk, with any layers, for tests of whatever moves or reads one.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { canonicalJson, type Digest, digestOf } from '../../contract/canonical.ts';

type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

export interface SampleLayer {
  readonly compression?: 'gzip' | 'zstd' | 'none';
  readonly entries: readonly Entry[];
}

const suffixes = { gzip: '+gzip', zstd: '+zstd', none: '' };

/** @returns the image's digest. */
export async function writeSampleLayout(folder: string, layers: readonly SampleLayer[]): Promise<Digest> {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
  const described = [];
  for (const { compression = 'gzip', entries } of layers) {
    const bytes = compress(compression, await archive(entries));
    described.push(await blob(`application/vnd.oci.image.layer.v1.tar${suffixes[compression]}`, bytes));
  }
  const config = await blob(
    'application/vnd.oci.image.config.v1+json',
    canonicalJson({
      os: 'linux',
      architecture: 'amd64',
      config: { Entrypoint: ['node', 'main.js'], Env: ['A=b=c'], ExposedPorts: { '8080/tcp': {} }, WorkingDir: '/srv' },
      rootfs: { type: 'layers', diff_ids: described.map((layer) => layer.digest) },
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  // Neither canonical nor pretty: a client that parses and writes again changes these bytes.
  const text = `${JSON.stringify({ schemaVersion: 2, mediaType, config, layers: described }, null, 1)}\n`;
  const manifest = await blob(mediaType, text);
  await writeFile(join(folder, 'index.json'), canonicalJson({ schemaVersion: 2, manifests: [manifest] }));
  return manifest.digest;

  async function blob(
    type: string,
    bytes: string | Buffer,
  ): Promise<{ mediaType: string; digest: Digest; size: number }> {
    const digest = digestOf(bytes);
    await writeFile(join(folder, 'blobs', ...digest.split(':')), bytes);
    return { mediaType: type, digest, size: Buffer.byteLength(bytes) };
  }
}

export async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const packed = pack();
  for (const { content, ...header } of entries) packed.entry(header, content ?? '');
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function compress(compression: 'gzip' | 'zstd' | 'none', bytes: Buffer): Buffer {
  if (compression === 'gzip') return gzipSync(bytes);
  return compression === 'zstd' ? zstdCompressSync(bytes) : bytes;
}
