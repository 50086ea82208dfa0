// API keys as a deployment knows them: names and SHA-256 digests, never the keys. Pure.
import { hash, timingSafeEqual } from 'node:crypto';

export interface ApiKey {
  /** Who holds it. Two entries with one name are one holder: that is how a key is changed without an interruption. */
  readonly name: string;
  readonly digest: Buffer;
}

const entryPattern = /^([a-z0-9][a-z0-9-]{0,31}):([0-9a-f]{64})$/;
const mostKeys = 100;

/** @param text `name:<SHA-256 in hex>`, separated by commas; empty for none. @returns `undefined` for anything else. */
export function parseKeys(text: string): readonly ApiKey[] | undefined {
  if (text === '') return [];
  const keys = text.split(',').map((entry) => {
    const [, name, digest] = entryPattern.exec(entry.trim()) ?? [];
    return name === undefined || digest === undefined ? undefined : { name, digest: Buffer.from(digest, 'hex') };
  });
  return keys.length <= mostKeys && keys.every((key) => key !== undefined) ? keys : undefined;
}

/** @returns the holder's name. Takes as long for a wrong key as for a right one: both sides are digests, and every entry is compared. */
export function holderOf(keys: readonly ApiKey[], presented: string): string | undefined {
  const digest = hash('sha256', presented, 'buffer');
  let holder: string | undefined;
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) holder = key.name;
  return holder;
}

/**
 * The one key of a request: `Authorization: Bearer <key>` or `X-Api-Key: <key>`.
 * @param rawHeaders names and values in turn, as they came: Node's `headers` hides a repeated `Authorization`.
 * @returns `undefined` for none, and for more than one: which of them counts must not depend on who reads first.
 */
export function presentedKey(rawHeaders: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (name !== 'authorization' && name !== 'x-api-key') continue;
    if (found !== undefined) return undefined;
    const value = rawHeaders[index + 1] ?? '';
    found = name === 'x-api-key' ? value : (/^bearer +(\S+)$/i.exec(value)?.[1] ?? '');
  }
  return found === '' ? undefined : found;
}
