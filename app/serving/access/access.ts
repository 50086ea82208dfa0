// Who may ask for what, and how often. Pure decisions over settings; `http/gate.ts` applies them to requests.
import { isIPv6 } from 'node:net';
import type { Settings } from '../settings/settings.ts';
import { holderOf } from './keys.ts';

export type Scope = 'open' | 'predict' | 'admin';

const openPaths = new Set(['/', '/version', '/v2', '/v2/health/live', '/v2/health/ready', '/openapi.json', '/docs']);
const modelReady = /^\/v2\/models\/[^/]+(\/versions\/[^/]+)?\/ready$/;
const adminPaths = /^\/(metrics|monitoring|admin|v2\/repository)(\/|$)/;

/** @param path without its query. What is not known to be open needs a key: a new route is guarded unless it is listed here. */
export function scopeOf(path: string): Scope {
  if (path === '/predict') return 'predict';
  // The router takes `/metrics/` for `/metrics`.
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  if (openPaths.has(trimmed) || modelReady.test(trimmed)) return 'open';
  return adminPaths.test(trimmed) ? 'admin' : 'predict';
}

export type Admission =
  | { readonly outcome: 'admitted'; readonly holder: string | undefined }
  | { readonly outcome: 'unauthorized' }
  | { readonly outcome: 'forbidden' };

/** @param key what the request presented. @returns `forbidden` for a key that is valid elsewhere. */
export function admit(
  { apiKeys, adminKeys }: Pick<Settings, 'apiKeys' | 'adminKeys'>,
  scope: Scope,
  key: () => string | undefined,
): Admission {
  const [wanted, others] = scope === 'admin' ? [adminKeys, apiKeys] : [apiKeys, adminKeys];
  if (scope === 'open' || wanted.length === 0) return { outcome: 'admitted', holder: undefined };
  const presented = key();
  if (presented === undefined) return { outcome: 'unauthorized' };
  const holder = holderOf(wanted, presented);
  if (holder !== undefined) return { outcome: 'admitted', holder };
  return holderOf(others, presented) === undefined ? { outcome: 'unauthorized' } : { outcome: 'forbidden' };
}

/**
 * The client's address, for counting only.
 * @param hops how many proxies add to `X-Forwarded-For`; what clients wrote stands further left and is never looked at.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | undefined, hops: number): string {
  if (hops === 0 || forwardedFor === undefined) return group(socketAddress);
  const chain = forwardedFor.split(',').map((part) => part.trim());
  return group(chain[Math.max(0, chain.length - hops)] ?? socketAddress);
}

/** One household has a whole /64 of IPv6: https://www.rfc-editor.org/rfc/rfc6177 */
function group(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (!isIPv6(plain)) return plain.slice(0, 64);
  const [head = '', tail] = plain.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left.slice(0, 4).join(':');
  const right = tail === '' ? [] : tail.split(':');
  const missing = Array(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...missing, ...right].slice(0, 4).join(':');
}
