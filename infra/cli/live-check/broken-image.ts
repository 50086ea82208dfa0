// The same image with another command: it starts, does nothing, and never becomes ready. Only its configuration and manifest are new.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../contract/canonical.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { mediaTypes } from '../../registry/oci.ts';

/** @param image `<host>/<repository>@sha256:…`. @returns the digest of the broken one, which has the tag given. */
export async function publishBroken(
  client: Pick<RegistryClient, 'pullImage' | 'pushLayout'>,
  image: string,
  tag: string,
): Promise<Digest> {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-live-check-'));
  try {
    const pulled = await client.pullImage(image, join(folder, 'pulled'));
    const blobs = join(folder, 'layout', 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    for (const { path, digest } of pulled.layers) await copyFile(path, join(blobs, hex(digest)));
    const original = JSON.parse(
      await readFile(join(folder, 'pulled', pulled.manifest.config.digest.replace(':', '-')), 'utf8'),
    );
    const config = await writeBlob(blobs, withoutService(original));
    const manifest = await writeBlob(blobs, {
      ...pulled.manifest,
      mediaType: pulled.manifest.mediaType ?? mediaTypes.manifest,
      config: { ...pulled.manifest.config, digest: config.digest, size: config.size },
    });
    const entry = { mediaType: pulled.manifest.mediaType ?? mediaTypes.manifest, ...manifest };
    await writeFile(join(folder, 'layout', 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await writeFile(join(folder, 'layout', 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    return await client.pushLayout(join(folder, 'layout'), `${image.split('@')[0]}:${tag}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Stays, and listens nowhere. */
const idle = 'setInterval(() => {}, 1000)';

export function withoutService(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const inner = typeof config.config === 'object' && config.config !== null ? config.config : {};
  return { ...config, config: { ...inner, Entrypoint: ['node', '-e', idle], Cmd: [] } };
}

async function writeBlob(folder: string, document: unknown): Promise<{ digest: Digest; size: number }> {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = digestOf(bytes);
  await writeFile(join(folder, hex(digest)), bytes);
  return { digest, size: bytes.length };
}

function hex(digest: string): string {
  return digest.slice('sha256:'.length);
}
