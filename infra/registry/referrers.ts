// Documents that lie beside an image in its registry and name it as their subject: an SBOM travels with what it tells of.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { canonicalJson, type Digest, digestOf } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import { type Descriptor, manifestLimitBytes, mediaTypes, parseManifest } from './oci.ts';
import type { Reference } from './reference.ts';
import { readBytes, type Transport } from './transport.ts';
import { verified } from './verified-stream.ts';

export interface Attachment {
  /** What kind of document, such as `application/vnd.cyclonedx+json`. */
  readonly artifactType: string;
  readonly bytes: Buffer;
}

/** What a registry client already knows to do; nothing here speaks to a registry in another way. */
export interface ReferrerAccess {
  readonly transport: Pick<Transport, 'send' | 'retry'>;
  getManifest(reference: Reference): Promise<StoredDocument | undefined>;
  putManifest(reference: Reference, document: StoredDocument): Promise<void>;
  putBlob(reference: Reference, blob: Descriptor, open: () => Readable): Promise<void>;
  openBlob(reference: Reference, blob: Descriptor): Promise<IncomingMessage>;
}
interface StoredDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const emptyBytes = Buffer.from('{}');
/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
const emptyConfig: Descriptor = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(emptyBytes),
  size: emptyBytes.length,
};
const attachmentLimitBytes = 16 * 1024 * 1024;

const listed = z.object({
  mediaType: z.string(),
  digest: z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]),
  size: z.int().nonnegative(),
  artifactType: z.string().optional(),
});
const list = z.object({ manifests: z.array(listed) });
type Listed = z.infer<typeof listed>;

/** Puts a document beside the image. The same document again changes nothing. @returns the digest of what names the image. */
export async function attach(access: ReferrerAccess, image: Reference, attachment: Attachment): Promise<Digest> {
  const subject = await access.getManifest(image);
  if (subject === undefined) {
    throw new DeliveryError('failed', `${image.host}/${image.repository} has no image to attach something to`);
  }
  const { artifactType, bytes } = attachment;
  const layer: Descriptor = { mediaType: artifactType, digest: digestOf(bytes), size: bytes.length };
  const document = documentOf({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config: emptyConfig,
    layers: [layer],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
  });
  const place: Reference = { ...image, tag: undefined, digest: document.digest };
  await access.putBlob(place, emptyConfig, () => new PassThrough().end(emptyBytes));
  await access.putBlob(place, layer, () => new PassThrough().end(bytes));
  await access.putManifest(place, document);
  const { digest, mediaType, bytes: manifest } = document;
  await listWhereNobodyElseDoes(access, image, subject.digest, {
    mediaType,
    digest,
    size: manifest.length,
    artifactType,
  });
  return digest;
}

/** The documents of that kind beside an image, oldest first where the registry keeps an order; every byte verified. */
export async function attached(access: ReferrerAccess, image: Reference, artifactType: string): Promise<Buffer[]> {
  const subject = await access.getManifest(image);
  if (subject === undefined) return [];
  const found = (await referrers(access, image, subject.digest)) ?? (await fallbackList(access, image, subject.digest));
  const documents: Buffer[] = [];
  for (const one of found.filter((entry) => entry.artifactType === artifactType)) {
    documents.push(await read(access, { ...image, tag: undefined, digest: one.digest }));
  }
  return documents;
}

/** `undefined`: this registry has no such list. */
async function referrers(access: ReferrerAccess, image: Reference, subject: Digest): Promise<Listed[] | undefined> {
  const { host, repository } = image;
  return access.transport.retry(host, async () => {
    const target = `/v2/${repository}/referrers/${subject}`;
    const headers = { accept: mediaTypes.index };
    const response = await access.transport.send({ method: 'GET', host, repository, target, headers });
    if (response.statusCode === 200) return parseList(image, await readBytes(response, manifestLimitBytes));
    response.resume();
    if (response.statusCode === 404) return undefined;
    throw new DeliveryError(
      'errored',
      `${host}/${repository} would not list what refers to ${subject}: HTTP ${response.statusCode}`,
    );
  });
}

/** A registry that keeps no list has one under a tag, which whoever pushes keeps up: `sha256-<64 hex>`. */
async function listWhereNobodyElseDoes(
  access: ReferrerAccess,
  image: Reference,
  subject: Digest,
  entry: Listed,
): Promise<void> {
  if ((await referrers(access, image, subject)) !== undefined) return;
  const known = await fallbackList(access, image, subject);
  if (known.some(({ digest }) => digest === entry.digest)) return;
  const index = documentOf({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...known, entry] });
  await access.putManifest(fallbackPlace(image, subject), index);
}

async function fallbackList(access: ReferrerAccess, image: Reference, subject: Digest): Promise<Listed[]> {
  const found = await access.getManifest(fallbackPlace(image, subject));
  return found === undefined ? [] : parseList(image, found.bytes);
}

function fallbackPlace(image: Reference, subject: Digest): Reference {
  return { ...image, digest: undefined, tag: subject.replace(':', '-') };
}

async function read(access: ReferrerAccess, place: Reference): Promise<Buffer> {
  const manifest = await access.getManifest(place);
  const parsed = manifest === undefined ? undefined : parseManifest(manifest.bytes);
  const layer = parsed?.kind === 'image' ? parsed.image.layers[0] : undefined;
  const what = `${place.host}/${place.repository}@${place.digest ?? ''}`;
  if (layer === undefined) throw new DeliveryError('document-invalid', `expected one document in ${what}; found none`);
  return access.transport.retry(place.host, async () => {
    const check = verified(what, layer);
    const flowing = pipeline(await access.openBlob(place, layer), check);
    const [bytes] = await Promise.all([readBytes(check, attachmentLimitBytes), flowing]);
    return bytes;
  });
}

function parseList({ host, repository }: Reference, bytes: Buffer): Listed[] {
  const parsed = list.safeParse(safeJson(bytes));
  if (parsed.success) return parsed.data.manifests;
  throw new DeliveryError(
    'document-invalid',
    `${host}/${repository}: expected a list of referrers: ${z.prettifyError(parsed.error)}`,
  );
}

function safeJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function documentOf(content: { readonly mediaType: string } & Readonly<Record<string, unknown>>): StoredDocument {
  const bytes = Buffer.from(canonicalJson(content));
  return { bytes, digest: digestOf(bytes), mediaType: content.mediaType };
}
