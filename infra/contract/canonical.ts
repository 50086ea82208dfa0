// One byte sequence for one value: JSON as RFC 8785 orders it, and the digests taken over it.
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;
export const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** RFC 8785 canonical JSON. Keys whose value is `undefined` are left out, as in `JSON.stringify`. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('expected a JSON value, found undefined');
  return text;
}

export function sha256(bytes: string | Uint8Array): string {
  return hash('sha256', bytes);
}

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${sha256(bytes)}`;
}
