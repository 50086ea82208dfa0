// OCI's documents as far as we read them: an image manifest, an index, an image configuration, and a layout on disk.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestOf, digestPattern } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

export const manifestLimitBytes = 4 * 1024 * 1024;
/** Larger than any image of ours by far; what is beyond it is refused unread. */
export const blobLimitBytes = 4 * 1024 * 1024 * 1024;

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.custom<Digest>((value) => typeof value === 'string' && digestPattern.test(value), 'expected a digest'),
  size: z.int().nonnegative().max(blobLimitBytes),
});
export type Descriptor = z.infer<typeof descriptor>;

const imageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(256),
});
export type ImageManifest = z.infer<typeof imageManifest>;

const imageIndex = z.object({
  schemaVersion: z.literal(2),
  manifests: z
    .array(descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }))
    .max(64),
});
export type ImageIndex = z.infer<typeof imageIndex>;

export const imageConfig = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z
    .object({
      User: z.string().optional(),
      Env: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      WorkingDir: z.string().optional(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      StopSignal: z.string().optional(),
    })
    .prefault({}),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(z.string()) }),
});
export type ImageConfig = z.infer<typeof imageConfig>;

export type ManifestDocument =
  | { readonly kind: 'image'; readonly image: ImageManifest }
  | { readonly kind: 'index'; readonly index: ImageIndex };

/** @throws DeliveryError `document-invalid`. */
export function parseManifest(bytes: Buffer): ManifestDocument {
  const value = parseJson('image manifest', bytes);
  if (typeof value === 'object' && value !== null && 'manifests' in value) {
    return { kind: 'index', index: parseShape('image index', imageIndex, value) };
  }
  return { kind: 'image', image: parseShape('image manifest', imageManifest, value) };
}

/** @throws DeliveryError `document-invalid`. */
export function parseImageConfig(bytes: Buffer): ImageConfig {
  return parseShape('image configuration', imageConfig, parseJson('image configuration', bytes));
}

export interface LayoutImage {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly image: ImageManifest;
  /** Manifest, configuration and layers together. */
  readonly size: number;
}

/** The one image of a layout. @throws DeliveryError `document-invalid` when it has another number of them, `digest-mismatch`. */
export async function readLayout(folder: string): Promise<LayoutImage> {
  const bytes = await readFile(join(folder, 'index.json')).catch((cause: unknown) => {
    throw new DeliveryError('document-invalid', `expected an OCI layout in ${folder}; found no index.json`, { cause });
  });
  const { manifests } = parseShape('index.json', imageIndex, parseJson('index.json', bytes));
  const [only] = manifests;
  if (only === undefined || manifests.length > 1) {
    throw new DeliveryError('document-invalid', `${folder}: expected one image; found ${manifests.length}`);
  }
  const manifest = await readFile(blobFile(folder, only.digest));
  requireDigest(`manifest in ${folder}`, only.digest, digestOf(manifest));
  const parsed = parseManifest(manifest);
  if (parsed.kind === 'index')
    throw new DeliveryError('document-invalid', `${folder}: expected one image; found an index`);
  const { config, layers } = parsed.image;
  const size = [config, ...layers].reduce((total, blob) => total + blob.size, manifest.length);
  return { digest: only.digest, mediaType: only.mediaType, bytes: manifest, image: parsed.image, size };
}

export function blobFile(layout: string, digest: string): string {
  return join(layout, 'blobs', ...digest.split(':'));
}

export function requireDigest(what: string, expected: string, found: string): void {
  if (expected === found) return;
  throw new DeliveryError('digest-mismatch', `${what}: expected ${expected}; found ${found}`, {
    hint: 'its bytes were altered on the way or at rest: publish the release again, and find out who did',
  });
}

function parseJson(what: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new DeliveryError('document-invalid', `${what}: expected JSON; found ${bytes.length} other bytes`, { cause });
  }
}

function parseShape<T>(what: string, shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new DeliveryError('document-invalid', `${what}: ${faults.join('; ')}`);
}
