// The release manifest: what is deployed, made once, never edited, named by the digest of its own canonical form.
import { z } from 'zod';
import { canonicalJson, digestPattern, sha256 } from './canonical.ts';
import { DeliveryError } from './errors.ts';
import { clouds } from './stack.ts';

export const releaseSchema = 'trireme.release/1';

const digest = z.string().regex(digestPattern, 'expected `sha256:` and 64 hexadecimal digits');

const commit = z.string().regex(/^[0-9a-f]{40}$/);

export const releaseManifest = z.strictObject({
  schema: z.literal(releaseSchema),
  /** Allocated in the ledger by compare-and-swap: 1, 2, 3 … in one repository. */
  sequence: z.int().positive(),
  source: z.strictObject({
    repository: z.string().min(1),
    commit,
    /** Built from files that no commit holds; never eligible for prod. */
    dirty: z.boolean(),
    /** Everyone who wrote a commit since the previous release, as `name <email>`; none of them may approve it. */
    authors: z.array(z.string().min(1)).min(1),
  }),
  image: z.strictObject({
    name: z.string().min(1),
    digest,
    /** `layout`: written by trireme itself, application only, run by the machine's Node; refused by real clouds. */
    builder: z.enum(['dockerfile', 'layout']),
    builderVersion: z.string().min(1),
    platform: z.literal('linux/amd64'),
    size: z.int().positive(),
    /** One per cloud, by digest: `<registry host>/<repository>@sha256:…`. */
    copies: z
      .array(z.strictObject({ cloud: z.enum(clouds), ref: z.string().regex(/^[^@\s]+@sha256:[0-9a-f]{64}$/) }))
      .min(1),
  }),
  build: z.strictObject({
    /** A function of commit and models, baked into the image: the one part of a release's identity a wrong deployment can't fake. */
    buildId: z.string().regex(/^bld-[0-9a-f]{12}$/),
    node: z.string().min(1),
    lockfile: digest,
    /** The commit the image was built from, where it is not the release's own: nothing that differs since enters an image. */
    commit: commit.optional(),
    /** What the Dockerfile was given besides its context; left out when it was nothing. */
    arguments: z.record(z.string(), z.string()).optional(),
  }),
  /** The first answers `/predict`. A model has a champion, for which nothing is said here, and at most one challenger beside it. */
  models: z
    .array(z.strictObject({ name: z.string().min(1), digest, label: z.literal('challenger').optional() }))
    .min(1),
  infra: z.strictObject({
    /** Digest over the files of the Pulumi program. */
    program: digest,
    /** Digest of each stack file, by stack name, as they were when the release was made. */
    stackConfigs: z.record(z.string(), digest),
  }),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;
export type ModelOfRelease = ReleaseManifest['models'][number];

/** Its name where a release has one version of it: what documents call it, and its folder below `models/` in the image. */
export function modelWord({ name, digest, label }: ModelOfRelease): string {
  return label === undefined ? name : `${name}@${digest.replace('sha256:', '').slice(0, 12)}`;
}

/** For people: `model wine`, `model wine, challenger`. */
export function modelTitle({ name, label }: ModelOfRelease): string {
  return `model ${name}${label === undefined ? '' : `, ${label}`}`;
}

/** `rel-<sequence>-<12 hex of the manifest's SHA-256>`. */
export type ReleaseId = `rel-${number}-${string}`;

/** Made once, never edited: one object has one hash, and it is asked for at every step. */
const hashes = new WeakMap<ReleaseManifest, string>();

export function manifestHash(manifest: ReleaseManifest): string {
  const known = hashes.get(manifest);
  if (known !== undefined) return known;
  const hash = sha256(canonicalJson(manifest));
  hashes.set(manifest, hash);
  return hash;
}

export function releaseIdOf(manifest: ReleaseManifest): ReleaseId {
  return `rel-${manifest.sequence}-${manifestHash(manifest).slice(0, 12)}`;
}

/**
 * @param expected the id under which the manifest was asked for; a manifest edited by one byte has another.
 * @throws DeliveryError `schema-unknown`, `document-invalid` (every fault in one message) or `digest-mismatch`.
 */
export function parseReleaseManifest(value: unknown, expected?: string): ReleaseManifest {
  const manifest = parseDocument('release manifest', releaseManifest, releaseSchema, value);
  const id = releaseIdOf(manifest);
  if (expected !== undefined && id !== expected) {
    throw new DeliveryError(
      'digest-mismatch',
      `expected the manifest of ${expected}; found one that is ${id}: it was edited`,
      {
        hint: `restore the manifest from the ledger: npx trireme history --release ${expected}`,
      },
    );
  }
  return manifest;
}

/** Parses any document that carries `schema`: an unknown version is told apart from a malformed document. */
export function parseDocument<T>(what: string, schema: z.ZodType<T>, version: string, value: unknown): T {
  const found = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (found !== version) {
    throw new DeliveryError('schema-unknown', `${what}: expected schema \`${version}\`, found \`${String(found)}\``, {
      hint: 'a newer trireme wrote it: update this checkout',
    });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
    throw new DeliveryError('document-invalid', `${what}: ${faults.join('; ')}`);
  }
  return parsed.data;
}

/** What a deployed service is told about itself, and reports at `/version`. */
export interface ReleaseIdentity {
  readonly releaseId: ReleaseId;
  readonly imageDigest: string;
  readonly buildId: string;
}

export function identityOf(manifest: ReleaseManifest): ReleaseIdentity {
  return { releaseId: releaseIdOf(manifest), imageDigest: manifest.image.digest, buildId: manifest.build.buildId };
}

/** The commit whose files are in the image: what builds it again, and what is attested to it, goes by this one. */
export function builtFrom({ build, source }: Pick<ReleaseManifest, 'build' | 'source'>): string {
  return build.commit ?? source.commit;
}

/** @throws DeliveryError `refused` when the release was not published to that cloud. */
export function copyFor(manifest: ReleaseManifest, cloud: string): string {
  const copy = manifest.image.copies.find((candidate) => candidate.cloud === cloud);
  if (copy === undefined) {
    throw new DeliveryError('refused', `${releaseIdOf(manifest)} was not published to ${cloud}'s registry`, {
      hint: 'make a new release: npx trireme release',
    });
  }
  return copy.ref;
}
