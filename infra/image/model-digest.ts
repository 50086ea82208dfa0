// The digest of a model artifact, as training computes it.
import { canonicalJson, type Digest, digestOf, sha256 } from '../contract/canonical.ts';

/** @param files by name, without the lineage: SHA-256 over the canonical JSON of {path, size, sha256}, sorted by path. */
export function modelDigestOf(files: ReadonlyMap<string, Uint8Array>): Digest {
  const list = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
  return digestOf(canonicalJson(list));
}
