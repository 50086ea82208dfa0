// Files to one layer archive that is the same wherever and whenever it is made.
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Digest } from '../contract/canonical.ts';

/**
 * Not compressed: what zlib makes of the same bytes differs with its version and the processor, and a layer's digest must not.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
 */
export const layerMediaType = 'application/vnd.oci.image.layer.v1.tar';

export interface LayerFile {
  /** In the image, without a leading slash. */
  readonly path: string;
  /** On this machine. */
  readonly source: string;
}

export interface Layer {
  readonly mediaType: string;
  /** Of the archive, which is not compressed: also its `diff_id`. */
  readonly digest: Digest;
  readonly size: number;
}

/** Writes it into `folder` under its digest, `<64 hex>`, in one step. Sorted, owned by root, dated 1970, readable by everyone. */
export async function writeLayer(files: readonly LayerFile[], folder: string): Promise<Layer> {
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `partial-${randomUUID()}`);
  const archive = pack();
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  try {
    const written = pipeline([Readable.from(archive), measure, createWriteStream(partial)]);
    const filled = fill(archive, files);
    await Promise.all([written, filled]);
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    await rename(partial, join(folder, digest.slice('sha256:'.length)));
    return { mediaType: layerMediaType, digest, size };
  } finally {
    await rm(partial, { force: true });
  }
}

async function fill(archive: ReturnType<typeof pack>, files: readonly LayerFile[]): Promise<void> {
  try {
    for (const { path, source } of withFolders(files)) {
      const owner = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) };
      const content = source === undefined ? undefined : await readFile(source);
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error | null): void => (error ? reject(error) : resolve());
        if (content === undefined) archive.entry({ name: `${path}/`, type: 'directory', mode: 0o755, ...owner }, done);
        else archive.entry({ name: path, type: 'file', mode: 0o644, ...owner }, content, done);
      });
    }
    archive.finalize();
  } catch (cause) {
    archive.destroy(cause as Error);
    throw cause;
  }
}

/** Each folder before what is in it; by code units, which no locale changes. */
function withFolders(files: readonly LayerFile[]): { path: string; source: string | undefined }[] {
  const all = new Map<string, string | undefined>();
  for (const { path, source } of files) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) all.set(folder, undefined);
    all.set(path, source);
  }
  return [...all.entries()].map(([path, source]) => ({ path, source })).sort((a, b) => (a.path < b.path ? -1 : 1));
}
