// Which manifests of a repository name another one as their subject, as a registry of OCI 1.1 lists them. Pure.
import type { StoredManifest } from './store.ts';

interface Referring {
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly config?: { readonly mediaType?: string };
  readonly subject?: { readonly digest?: string };
}

/** The digest that a manifest refers to. */
export function subjectOf({ bytes }: Pick<StoredManifest, 'bytes'>): string | undefined {
  return read(bytes).subject?.digest;
}

export function referrersIndex(manifests: readonly StoredManifest[], subject: string, artifactType?: string): object {
  const referring = manifests.flatMap(({ digest, mediaType, bytes }) => {
    const document = read(bytes);
    if (document.subject?.digest !== subject) return [];
    // Without a type of its own, an artifact is of its configuration's.
    const type = document.artifactType ?? document.config?.mediaType;
    if (artifactType !== undefined && type !== artifactType) return [];
    return [{ mediaType, digest, size: bytes.length, artifactType: type, annotations: document.annotations }];
  });
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: referring };
}

function read(bytes: Buffer): Referring {
  return JSON.parse(bytes.toString()) as Referring;
}
