// One registry's storage: a folder with its blobs by digest and, per repository, which of them it holds, its manifests and its tags.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface RegistryStore {
  /** Names of the repositories that were created, or pushed to where that creates one. */
  readonly repositories: ReadonlySet<string>;
  createRepository(name: string, options: { readonly immutableTags: boolean }): void;
  deleteRepository(name: string): void;
  immutableTags(name: string): boolean;
  hasBlob(name: string, digest: string): Promise<number | undefined>;
  blobPath(digest: string): string;
  linkBlob(name: string, digest: string): Promise<void>;
  manifest(name: string, reference: string): Promise<StoredManifest | undefined>;
  putManifest(name: string, manifest: StoredManifest, tag: string | undefined): Promise<void>;
  /** Does a manifest of that repository name it as a layer? */
  isLayer(name: string, digest: string): Promise<boolean>;
  tags(name: string): Promise<string[]>;
  /** Every manifest of that repository. */
  manifests(name: string): Promise<readonly StoredManifest[]>;
  startUpload(): Promise<string>;
  /** Bytes received so far; `undefined` when there is no such upload. */
  uploadSize(upload: string): Promise<number | undefined>;
  appendUpload(upload: string, bytes: Readable): Promise<void>;
  /** Makes the upload a blob; `false`, and nothing kept, when its bytes have another digest. */
  finishUpload(upload: string, name: string, digest: string): Promise<boolean>;
  cancelUpload(upload: string): Promise<void>;
}

export function openStore(folder: string): RegistryStore {
  const blobs = join(folder, 'blobs');
  const uploads = join(folder, 'uploads');
  const repositoriesFolder = join(folder, 'repositories');
  for (const one of [blobs, uploads, repositoriesFolder]) mkdirSync(one, { recursive: true });
  // A repository's slashes are written `%2F`, so that each is one folder; one that keeps its tags ends with `!`.
  const known = new Map(
    readdirSync(repositoriesFolder).map((entry) => [decodeURIComponent(entry.replace(/!$/, '')), entry]),
  );

  const inRepository = (name: string, ...path: string[]): string =>
    join(repositoriesFolder, known.get(name) ?? encodeURIComponent(name), ...path);
  const blobPath = (digest: string): string => join(blobs, digest.replace(':', '-'));
  const uploadPath = (upload: string): string => join(uploads, upload);

  return {
    get repositories() {
      return new Set(known.keys());
    },
    createRepository(name, { immutableTags }) {
      const entry = encodeURIComponent(name) + (immutableTags ? '!' : '');
      for (const kind of ['blobs', 'manifests', 'tags']) {
        mkdirSync(join(repositoriesFolder, entry, kind), { recursive: true });
      }
      known.set(name, entry);
    },
    deleteRepository(name) {
      rmSync(inRepository(name), { recursive: true, force: true });
      known.delete(name);
    },
    immutableTags: (name) => known.get(name)?.endsWith('!') ?? false,
    blobPath,
    async hasBlob(name, digest) {
      const linked = await exists(inRepository(name, 'blobs', digest.replace(':', '-')));
      return linked ? (await stat(blobPath(digest))).size : undefined;
    },
    async linkBlob(name, digest) {
      await writeFile(inRepository(name, 'blobs', digest.replace(':', '-')), '');
    },
    async manifest(name, reference) {
      const digest = reference.startsWith('sha256:')
        ? reference
        : await readFile(inRepository(name, 'tags', reference), 'utf8').catch(() => undefined);
      if (digest === undefined) return undefined;
      const mediaType = await readFile(inRepository(name, 'manifests', digest.replace(':', '-')), 'utf8').catch(
        () => undefined,
      );
      return mediaType === undefined ? undefined : { digest, mediaType, bytes: await readFile(blobPath(digest)) };
    },
    async putManifest(name, manifest, tag) {
      await writeWhole(blobPath(manifest.digest), manifest.bytes);
      await writeWhole(inRepository(name, 'manifests', manifest.digest.replace(':', '-')), manifest.mediaType);
      if (tag !== undefined) await writeWhole(inRepository(name, 'tags', tag), manifest.digest);
    },
    async isLayer(name, digest) {
      for (const manifest of await readdir(inRepository(name, 'manifests'))) {
        const { layers = [] } = JSON.parse(await readFile(join(blobs, manifest), 'utf8')) as {
          layers?: { digest: string }[];
        };
        if (layers.some((layer) => layer.digest === digest)) return true;
      }
      return false;
    },
    async manifests(name) {
      const names = (await readdir(inRepository(name, 'manifests'))).sort();
      return Promise.all(
        names.map(async (entry) => ({
          digest: entry.replace('-', ':'),
          mediaType: await readFile(inRepository(name, 'manifests', entry), 'utf8'),
          bytes: await readFile(join(blobs, entry)),
        })),
      );
    },
    tags: (name) => readdir(inRepository(name, 'tags')).then((names) => names.sort()),
    async startUpload() {
      const upload = randomUUID();
      await writeFile(uploadPath(upload), '');
      return upload;
    },
    uploadSize: (upload) =>
      stat(uploadPath(upload)).then(
        (found) => found.size,
        () => undefined,
      ),
    appendUpload: (upload, bytes) => pipeline(bytes, createWriteStream(uploadPath(upload), { flags: 'a' })),
    async finishUpload(upload, name, digest) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(uploadPath(upload)), hash);
      if (`sha256:${hash.digest('hex')}` !== digest) {
        await rm(uploadPath(upload), { force: true });
        return false;
      }
      await rename(uploadPath(upload), blobPath(digest));
      await writeFile(inRepository(name, 'blobs', digest.replace(':', '-')), '');
      return true;
    },
    cancelUpload: (upload) => rm(uploadPath(upload), { force: true }),
  };

  /** Written beside its place and renamed, so that nobody reads half of it. */
  async function writeWhole(path: string, content: string | Buffer): Promise<void> {
    const temporary = uploadPath(randomUUID());
    await mkdir(uploads, { recursive: true });
    const file = await open(temporary, 'w');
    await file.writeFile(content).finally(() => file.close());
    await rename(temporary, path);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
