// What a client is made with: checked once, with every default written here.
import { UsageError } from './errors.ts';
import type { CallerOptions } from './transport/caller.ts';
import type { Fetch } from './transport/try.ts';

export interface HedgeOptions {
  /** Send the request elsewhere as well after so many ms; without it, after the 95th percentile of the last answers. */
  readonly afterMs?: number;
  /** Of the calls, that may be sent twice; 0.05. */
  readonly share?: number;
}

export interface ClientOptions {
  /** Addresses of the same service, one for each cloud: `https://host`, with a path before its routes if it has one. */
  readonly endpoints: readonly string[];
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** From the call to its end, all tries and waiting included; 10,000. */
  readonly timeoutMs?: number;
  /** For a try before the last one; a quarter of `timeoutMs`. Larger for calls with very many records. */
  readonly tryTimeoutMs?: number;
  /** Further tries after the first; 3. */
  readonly retries?: number;
  /** Whether to send a slow request elsewhere as well and take the first answer; `false`. */
  readonly hedge?: boolean | HedgeOptions;
  /** Instead of the global one. */
  readonly fetch?: Fetch;
}

const defaultTimeoutMs = 10_000;
const defaultRetries = 3;
const defaultHedgeShare = 0.05;
/** A timer's longest: https://developer.mozilla.org/docs/Web/API/Window/setTimeout#maximum_delay_value */
const longestMs = 2 ** 31 - 1;

/** @throws UsageError naming the option. */
export function checkOptions(options: ClientOptions): CallerOptions {
  const { timeoutMs = defaultTimeoutMs, retries = defaultRetries, hedge = false } = options;
  const { tryTimeoutMs = Math.min(timeoutMs, Math.max(1, timeoutMs / 4)) } = options;
  const hedging: HedgeOptions = typeof hedge === 'object' ? hedge : {};
  const { afterMs, share = defaultHedgeShare } = hedging;
  if (options.apiKey !== undefined && !/^[!-~]+$/.test(options.apiKey))
    throw new UsageError('apiKey: expected printable characters without blanks, found something else');
  expectNumber('timeoutMs', timeoutMs, 1, longestMs);
  expectNumber('tryTimeoutMs', tryTimeoutMs, 1, longestMs);
  expectNumber('retries', retries, 0, 100);
  if (!Number.isInteger(retries)) throw new UsageError(`retries: expected a whole number, found ${retries}`);
  if (afterMs !== undefined) expectNumber('hedge.afterMs', afterMs, 0, longestMs);
  expectNumber('hedge.share', share, 0, 1);
  return {
    endpoints: checkEndpoints(options.endpoints),
    timeoutMs,
    tryTimeoutMs,
    retries,
    hedge: hedge === false ? false : { afterMs },
    hedgeShare: share,
    // Not taken before the call: who watches or replaces the global one later does so for this client too.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
  };
}

export function expectNumber(name: string, value: number, least: number, most: number): void {
  if (!(typeof value === 'number' && value >= least && value <= most))
    throw new UsageError(`${name}: expected a number from ${least} to ${most}, found ${String(value)}`);
}

function checkEndpoints(endpoints: readonly string[]): readonly string[] {
  if (!Array.isArray(endpoints) || endpoints.length === 0)
    throw new UsageError('endpoints: expected at least one address, found none');
  const checked = endpoints.map((endpoint: unknown) => checkEndpoint(String(endpoint)));
  const twice = checked.find((endpoint, index) => checked.indexOf(endpoint) !== index);
  if (twice !== undefined) throw new UsageError(`endpoints: expected each once, found ${twice} twice`);
  return checked;
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    // Not repeated whole: it may hold a password.
    throw new UsageError(
      `endpoints: expected https://host or http://host, with a path at most, found ${url?.host ?? 'something else'}`,
    );
  }
  return url.href.replace(/\/+$/, '');
}
