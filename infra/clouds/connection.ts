// How a prover or a registry login reaches a vendor. Everything is given: the environment is read by the command line only.
import type { Clock } from '../contract/ports.ts';
import { Unanswered } from './polling.ts';

export interface Connection {
  /** Where the vendor's API answers; absent: at its own address. An emulated one listens on loopback. */
  readonly endpoint?: string;
  /** An access token for the vendor's API, never asked for on loopback; absent: none is known. AWS signs instead, by its SDK's own chain. */
  readonly token?: () => Promise<string>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** How many times faster than on the real platform waiting passes. */
  readonly timeScale: number;
}

/** The `Authorization` header a registry's challenge asks for; `undefined` when none is known for that host. */
export type RegistryLogin = (host: string, wwwAuthenticate: string) => Promise<string | undefined>;

export function isLoopback(url: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(url);
}

/** Longer than any of these APIs takes; a connection that hangs must not eat the whole time there is. */
const answerMilliseconds = 30_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks a REST API with a bearer token. @throws Unanswered for every status but 2xx and 404. */
export async function ask(
  { token, fetch }: Pick<Connection, 'token' | 'fetch'>,
  url: string,
  options: {
    readonly method?: 'GET' | 'POST';
    readonly body?: unknown;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Answer> {
  const { method = 'GET', body, signal } = options;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (!isLoopback(url) && token !== undefined) headers.authorization = `Bearer ${await token()}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(answerMilliseconds);
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const text = await response.text();
  if (response.ok || response.status === 404) return { status: response.status, text };
  const passing = response.status === 429 || response.status >= 500;
  throw new Unanswered(`${method} ${url} answered ${response.status}: ${reasonIn(text)}`, { passing });
}

/** Google's and Azure's errors have one shape: `{"error": {"message"}}`. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message;
  } catch {
    // not JSON: say what there is
  }
  return text.slice(0, 200) || 'no text';
}
