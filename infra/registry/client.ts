// A client of any OCI registry that changes no byte: what is pushed, copied or pulled has the digest it had before.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, digestOf } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Registry } from '../contract/ports.ts';
import { visitLayer } from './layer.ts';
import {
  blobFile,
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  manifestLimitBytes,
  mediaTypes,
  parseImageConfig,
  parseManifest,
  readLayout,
  requireDigest,
} from './oci.ts';
import { manifestName, parseReference, type Reference } from './reference.ts';
import { type Attachment, attach, attached, type ReferrerAccess } from './referrers.ts';
import { createTransport, problemOf, readBytes, type TransportOptions } from './transport.ts';
import { verified } from './verified-stream.ts';

export interface RegistryClient extends Registry {
  /** Puts the one image of a layout there and checks that it is served under the digest it has on disk. @returns that digest. */
  pushLayout(layout: string, ref: string): Promise<Digest>;
  /** Copies an image, or an index with its images, from registry to registry. @returns the digest, which is the same in both. */
  copy(from: string, to: string): Promise<Digest>;
  /** Downloads an image into a folder, every blob verified; what lies there already and is right is not downloaded again. */
  pullImage(ref: string, destination: string): Promise<PulledImage>;
  /** One file of an image, `undefined` when it has none at that path. @throws DeliveryError `digest-mismatch` for an altered layer. */
  readFile(ref: string, path: string): Promise<Buffer | undefined>;
  /** The files right in one folder of an image, by name, as the highest layer that has any of them holds it. @throws DeliveryError `digest-mismatch`. */
  readFolder(ref: string, path: string): Promise<ReadonlyMap<string, Buffer>>;
  /** Puts a document beside an image, which it names as its subject. @returns the digest of what names it. */
  attach(ref: string, attachment: Attachment): Promise<Digest>;
  /** The documents of that kind beside an image. @throws DeliveryError `digest-mismatch` for an altered one. */
  attached(ref: string, artifactType: string): Promise<readonly Buffer[]>;
  /** Closes the connections kept for the next request; idle ones keep no process alive. */
  close(): void;
}

export interface PulledImage {
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  /** In the order they are laid on each other. */
  readonly layers: readonly { readonly path: string; readonly digest: Digest; readonly mediaType: string }[];
}

interface Fetched {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const acceptedManifests = [
  mediaTypes.manifest,
  mediaTypes.index,
  mediaTypes.dockerManifest,
  mediaTypes.dockerIndex,
].join(', ');
const fileLimitBytes = 64 * 1024 * 1024;

export function createRegistryClient(options: TransportOptions = {}): RegistryClient {
  const transport = createTransport(options);
  const access: ReferrerAccess = { transport, getManifest, putManifest, putBlob, openBlob };

  return {
    async resolve(ref) {
      return (await getManifest(parseReference(ref)))?.digest;
    },

    async pushLayout(layout, ref) {
      const target = parseReference(ref);
      const image = await readLayout(layout);
      await Promise.all(
        blobsOf(image.image).map((blob) =>
          putBlob(target, blob, () =>
            throughCheck(`blob in ${layout}`, blob, createReadStream(blobFile(layout, blob.digest))),
          ),
        ),
      );
      await putManifest(target, image);
      return image.digest;
    },

    async copy(from, to) {
      const source = parseReference(from);
      const target = parseReference(to);
      const found = await requireManifest(source);
      await copyManifest(source, target, found);
      return found.digest;
    },

    async pullImage(ref, destination) {
      const reference = parseReference(ref);
      const { digest, image } = await requireImage(reference);
      await mkdir(destination, { recursive: true });
      const fileOf = (blob: Descriptor): string => join(destination, blob.digest.replace(':', '-'));
      await Promise.all(blobsOf(image).map((blob) => download(reference, blob, fileOf(blob))));
      return {
        digest,
        manifest: image,
        config: parseImageConfig(await readFile(fileOf(image.config))),
        layers: image.layers.map((layer) => ({
          path: fileOf(layer),
          digest: layer.digest,
          mediaType: layer.mediaType,
        })),
      };
    },

    async readFile(ref, path) {
      const found = await fromTheTop(ref, (mediaType, file) => findFile(mediaType, file, path));
      return found === 'removed' ? undefined : found;
    },

    async readFolder(ref, path) {
      return (await fromTheTop(ref, (mediaType, file) => findFiles(mediaType, file, path))) ?? new Map();
    },

    attach: (ref, attachment) => attach(access, parseReference(ref), attachment),
    attached: (ref, artifactType) => attached(access, parseReference(ref), artifactType),

    close: () => transport.close(),
  };

  /** Downloads one layer after another, the highest first, until `look` has found something. */
  async function fromTheTop<T>(
    ref: string,
    look: (mediaType: string, file: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const reference = parseReference(ref);
    const { image } = await requireImage(reference);
    const folder = await mkdtemp(join(tmpdir(), 'trireme-image-'));
    try {
      for (const layer of image.layers.toReversed()) {
        const file = join(folder, layer.digest.replace(':', '-'));
        await download(reference, layer, file);
        const found = await look(layer.mediaType, file);
        if (found !== undefined) return found;
      }
      return undefined;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function getManifest(reference: Reference): Promise<Fetched | undefined> {
    const { host, repository } = reference;
    const name = manifestName(reference);
    return transport.retry(host, async () => {
      const target = `/v2/${repository}/manifests/${name}`;
      const response = await transport.send({
        method: 'GET',
        host,
        repository,
        target,
        headers: { accept: acceptedManifests },
      });
      if (response.statusCode === 404) {
        response.resume();
        return undefined;
      }
      await requireStatus(response, 200, `${host}/${repository} would not give ${name}`);
      const bytes = await readBytes(response, manifestLimitBytes);
      const digest = digestOf(bytes);
      const said = response.headers['docker-content-digest'];
      if (reference.digest !== undefined)
        requireDigest(`manifest from ${host}/${repository}`, reference.digest, digest);
      // Some registries leave the header out; one that sends it must mean what it serves.
      if (typeof said === 'string') requireDigest(`manifest from ${host}/${repository}`, said, digest);
      return { digest, bytes, mediaType: response.headers['content-type'] ?? mediaTypes.manifest };
    });
  }

  async function requireManifest(reference: Reference): Promise<Fetched> {
    const found = await getManifest(reference);
    if (found !== undefined) return found;
    const { host, repository } = reference;
    throw new DeliveryError('failed', `${host}/${repository} has no image ${manifestName(reference)}`, {
      hint: 'publish the release again: npx trireme release',
    });
  }

  /** The image itself, also where the reference names an index. */
  async function requireImage(reference: Reference): Promise<{ digest: Digest; image: ImageManifest }> {
    const { digest, bytes } = await requireManifest(reference);
    const parsed = parseManifest(bytes);
    if (parsed.kind === 'image') return { digest, image: parsed.image };
    const ours = parsed.index.manifests.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
    );
    if (ours === undefined) {
      throw new DeliveryError('document-invalid', `${reference.host}: expected a linux/amd64 image in index ${digest}`);
    }
    const nested = parseManifest((await requireManifest({ ...reference, digest: ours.digest })).bytes);
    if (nested.kind === 'image') return { digest, image: nested.image };
    throw new DeliveryError(
      'document-invalid',
      `${reference.host}: expected an image; found an index in index ${digest}`,
    );
  }

  async function copyManifest(source: Reference, target: Reference, found: Fetched): Promise<void> {
    const parsed = parseManifest(found.bytes);
    if (parsed.kind === 'image') {
      await Promise.all(blobsOf(parsed.image).map((blob) => copyBlob(source, target, blob)));
    } else {
      for (const { digest } of parsed.index.manifests) {
        const nested = await requireManifest({ ...source, digest });
        await copyManifest(source, { ...target, tag: undefined, digest }, nested);
      }
    }
    await putManifest(target, found);
  }

  async function copyBlob(source: Reference, target: Reference, blob: Descriptor): Promise<void> {
    const mountFrom = source.host === target.host ? source.repository : undefined;
    await putBlob(
      target,
      blob,
      async () => throughCheck(blobName(source, blob), blob, await openBlob(source, blob)),
      mountFrom,
    );
  }

  async function hasBlob({ host, repository }: Reference, blob: Descriptor): Promise<boolean> {
    const target = `/v2/${repository}/blobs/${blob.digest}`;
    const response = await transport.send({ method: 'HEAD', host, repository, target });
    response.resume();
    return response.statusCode === 200;
  }

  async function putBlob(
    reference: Reference,
    blob: Descriptor,
    open: () => Readable | Promise<Readable>,
    mountFrom?: string,
  ): Promise<void> {
    const { host, repository } = reference;
    if (await hasBlob(reference, blob)) return;
    await transport.retry(host, async () => {
      const mount = mountFrom === undefined ? '' : `?mount=${blob.digest}&from=${encodeURIComponent(mountFrom)}`;
      const start = `/v2/${repository}/blobs/uploads/${mount}`;
      const started = await transport.send({ method: 'POST', host, repository, target: start });
      if (started.statusCode === 201) return void started.resume();
      await requireStatus(started, 202, `${host}/${repository} would not take a blob`);
      started.resume();
      const location = started.headers.location ?? '';
      const target = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(blob.digest)}`;
      const done = await transport.send({
        method: 'PUT',
        host,
        repository,
        target,
        headers: { 'content-type': 'application/octet-stream' },
        body: { size: blob.size, open },
      });
      await requireStatus(done, 201, `${host}/${repository} would not take ${blob.digest}`);
      done.resume();
    });
  }

  async function putManifest(reference: Reference, { digest, mediaType, bytes }: Fetched): Promise<void> {
    const { host, repository } = reference;
    if (reference.digest !== undefined) requireDigest(`manifest for ${host}/${repository}`, reference.digest, digest);
    const name = reference.tag ?? digest;
    const response = await transport.send({
      method: 'PUT',
      host,
      repository,
      target: `/v2/${repository}/manifests/${name}`,
      headers: { 'content-type': mediaType },
      body: { size: bytes.length, open: () => new PassThrough().end(bytes) },
    });
    await requireStatus(response, 201, `${host}/${repository} would not take the manifest ${name}`);
    response.resume();
    const served = await getManifest({ ...reference, tag: undefined, digest });
    if (served === undefined) throw new DeliveryError('errored', `${host}/${repository} took ${digest} and has it not`);
  }

  async function openBlob({ host, repository }: Reference, blob: Descriptor): Promise<IncomingMessage> {
    const response = await transport.send({
      method: 'GET',
      host,
      repository,
      target: `/v2/${repository}/blobs/${blob.digest}`,
    });
    await requireStatus(response, 200, `${host}/${repository} would not give ${blob.digest}`);
    return response;
  }

  /** To a file that appears only once its bytes are known to be right. */
  async function download(reference: Reference, blob: Descriptor, file: string): Promise<void> {
    if (await holds(file, blob)) return;
    await mkdir(dirname(file), { recursive: true });
    const partial = `${file}.${randomUUID()}`;
    try {
      await transport.retry(reference.host, async () => {
        const body = await openBlob(reference, blob);
        await pipeline(body, verified(blobName(reference, blob), blob), createWriteStream(partial));
      });
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

function blobsOf(image: ImageManifest): Descriptor[] {
  const all = new Map([image.config, ...image.layers].map((blob) => [blob.digest, blob]));
  return [...all.values()];
}

function blobName({ host, repository }: Reference, blob: Descriptor): string {
  return `blob from ${host}/${repository} (${blob.digest.slice(0, 19)}…)`;
}

function throughCheck(what: string, blob: Descriptor, bytes: Readable): Readable {
  const check = verified(what, blob);
  // The reader of `check` hears of every error: it is the last of the pipe.
  pipeline(bytes, check).catch(() => {});
  return check;
}

async function holds(file: string, blob: Descriptor): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found?.size !== blob.size) return false;
  const check = verified(file, blob);
  check.resume();
  return pipeline(createReadStream(file), check).then(
    () => true,
    () => false,
  );
}

/** `removed`: this layer takes the file away from those below it. */
async function findFile(mediaType: string, file: string, path: string): Promise<Buffer | 'removed' | undefined> {
  const wanted = posix.normalize(path).replace(/^\/+/, '');
  const whiteout = posix.join(posix.dirname(wanted), `.wh.${posix.basename(wanted)}`);
  let found: Buffer | 'removed' | undefined;
  await visitLayer(mediaType, createReadStream(file), async (entry) => {
    const name = posix.normalize(entry.header.name).replace(/^\/+/, '');
    if (name === whiteout) found = 'removed';
    if (name !== wanted || entry.header.type !== 'file') return;
    found = await readBytes(entry, fileLimitBytes);
  });
  return found;
}

/** `undefined` when this layer holds none of them. */
async function findFiles(mediaType: string, file: string, path: string): Promise<Map<string, Buffer> | undefined> {
  const wanted = posix.normalize(path).replace(/^\/+|\/+$/g, '');
  const found = new Map<string, Buffer>();
  await visitLayer(mediaType, createReadStream(file), async (entry) => {
    const name = posix.normalize(entry.header.name).replace(/^\/+/, '');
    if (posix.dirname(name) !== wanted || entry.header.type !== 'file') return;
    found.set(posix.basename(name), await readBytes(entry, fileLimitBytes));
  });
  return found.size === 0 ? undefined : found;
}

async function requireStatus(response: IncomingMessage, expected: number, what: string): Promise<void> {
  if (response.statusCode === expected) return;
  const problem = await problemOf(response);
  if (/DIGEST_INVALID/.test(problem)) throw new DeliveryError('digest-mismatch', `${what}: ${problem}`);
  const hint = /NAME_UNKNOWN/.test(problem)
    ? 'the repository is not there: deploy the foundation of that cloud first'
    : 'check that you are logged in with the right to push to and pull from that repository';
  throw new DeliveryError('errored', `${what}: ${problem}`, { hint });
}
