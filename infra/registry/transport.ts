// HTTP to a registry: kept connections, the login a challenge asks for, redirects, and bounded retries. Bodies stream both ways.
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../contract/errors.ts';

export interface TransportOptions {
  /** Where a vendor's host really answers, as a base URL; `https://<host>` by default. */
  readonly resolveHost?: (host: string) => string;
  /**
   * The `Authorization` header that a challenge asks for: vendor logins live with their clouds.
   * `undefined`: no login is known for that host.
   */
  readonly authenticate?: (host: string, wwwAuthenticate: string) => Promise<string | undefined>;
  readonly signal?: AbortSignal;
  /** Wait before the first retry; each later one waits twice as long. */
  readonly retryMilliseconds?: number;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly host: string;
  readonly repository: string;
  /** A path with its query, or the absolute URL that a registry answered with. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opened again for every try. */
  readonly body?: { readonly size: number; readonly open: () => Readable | Promise<Readable> };
}

export interface Transport {
  /** The answer with its body unread, whatever its status. @throws DeliveryError `cloud-unreachable` after the last try. */
  send(request: RegistryRequest): Promise<IncomingMessage>;
  /** Runs a piece of work that reads a body, again when the connection breaks meanwhile. */
  retry<T>(host: string, work: () => Promise<T>): Promise<T>;
  close(): void;
}

const tries = 5;
const silenceMilliseconds = 60_000;

export function createTransport(options: TransportOptions): Transport {
  const resolveHost = options.resolveHost ?? ((host: string) => `https://${host}`);
  const agents = { 'http:': new Agent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) };
  const logins = new Map<string, string>();

  async function send(request: RegistryRequest): Promise<IncomingMessage> {
    return retry(request.host, async () => {
      const response = await loggedIn(request);
      const status = response.statusCode ?? 0;
      if (status !== 429 && status < 500) return response;
      throw new TryAgain(await problemOf(response));
    });
  }

  async function loggedIn(request: RegistryRequest): Promise<IncomingMessage> {
    const key = `${request.host}/${request.repository}`;
    const response = await redirected(request, logins.get(key));
    const challenge = response.headers['www-authenticate'];
    if (response.statusCode !== 401 || challenge === undefined) return response;
    response.resume();
    const login = await options.authenticate?.(request.host, challenge);
    if (login === undefined) {
      throw new DeliveryError('errored', `${request.host} asks for a login and none is known: ${challenge}`, {
        hint: 'log in to that cloud and run the command again',
      });
    }
    logins.set(key, login);
    return redirected(request, login);
  }

  /** Vendors send the reader of a blob to their object store, which must not see the registry's login. */
  async function redirected(request: RegistryRequest, login: string | undefined): Promise<IncomingMessage> {
    const base = resolveHost(request.host);
    const official = `https://${request.host}/`;
    const rebased = request.target.startsWith(official) ? request.target.slice(official.length - 1) : request.target;
    let url = new URL(rebased, base);
    for (let hop = 0; hop < 5; hop++) {
      const trusted = url.origin === new URL(base).origin && login !== undefined;
      const response = await once(url, request, trusted ? { authorization: login } : {});
      const { location } = response.headers;
      const moved = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
      if (!moved || location === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return response;
      response.resume();
      url = new URL(location, url);
    }
    throw new DeliveryError('errored', `${request.host} redirects ${request.target} without end`);
  }

  async function once(url: URL, request: RegistryRequest, login: Record<string, string>): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    const length = request.body?.size ?? (request.method === 'POST' || request.method === 'PUT' ? 0 : undefined);
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method: request.method,
      agent: secure ? agents['https:'] : agents['http:'],
      headers: {
        ...request.headers,
        ...login,
        ...(length === undefined ? {} : { 'content-length': String(length) }),
      },
      timeout: silenceMilliseconds,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`silent for ${silenceMilliseconds / 1000} s`)));
    const answered = answerOf(outgoing);
    // A server may answer before it has read everything; then its answer counts, not the broken pipe.
    if (request.body === undefined) outgoing.end();
    else {
      const body = await request.body.open();
      const sent = pipeline(body, outgoing).then(() => new Promise<never>(() => {}));
      return Promise.race([answered, sent.catch((cause: unknown) => bodyFailed(cause, answered))]);
    }
    return answered;
  }

  async function retry<T>(host: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (cause) {
        if (options.signal?.aborted) throw new DeliveryError('interrupted', `interrupted while asking ${host}`);
        const passing = mayPass(cause);
        if (!passing && !isUnreachable(cause)) throw cause;
        if (!passing || attempt >= tries) {
          throw new DeliveryError('cloud-unreachable', `${host}: ${reasonOf(cause)} (${attempt} tries)`, {
            hint: 'check the network and the registry, and run the command again',
            cause,
          });
        }
        const wait = (options.retryMilliseconds ?? 100) * 2 ** (attempt - 1);
        await sleep(wait + Math.random() * wait, undefined, {
          ...(options.signal && { signal: options.signal }),
        }).catch(() => {});
      }
    }
  }

  return {
    send,
    retry,
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

/** A registry's own words for why it refused, in one line; reads the body. */
export async function problemOf(response: IncomingMessage): Promise<string> {
  const text = (await readBytes(response, 64 * 1024).catch(() => Buffer.alloc(0))).toString();
  const [first] = /"code":\s*"([^"]*)"/.exec(text)?.slice(1) ?? [];
  const [message] = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.slice(1) ?? [];
  return [`HTTP ${response.statusCode}`, first, message].filter((part) => part !== undefined).join(' · ');
}

/** @throws DeliveryError `digest-mismatch` when there is more than the limit: no honest document is that large. */
export async function readBytes(body: AsyncIterable<unknown>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes)
      throw new DeliveryError('digest-mismatch', `expected at most ${limitBytes} bytes; found more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

class TryAgain extends Error {}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
  answered.catch(() => {});
  return answered;
}

async function bodyFailed(cause: unknown, answered: Promise<IncomingMessage>): Promise<IncomingMessage> {
  if (cause instanceof DeliveryError) throw cause;
  return Promise.race([
    answered,
    sleep(1_000).then(() => {
      throw cause;
    }),
  ]);
}

const passing = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

function mayPass(cause: unknown): boolean {
  if (cause instanceof TryAgain) return true;
  if (!(cause instanceof Error) || cause instanceof DeliveryError) return false;
  return (
    ('code' in cause && passing.has(String(cause.code))) || /^silent for|socket hang up|^aborted/.test(cause.message)
  );
}

/** A name that nobody knows, an address without a route, a certificate that is not trusted: no bug of ours, and no second try helps. */
function isUnreachable(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  const step = 'syscall' in cause ? String(cause.syscall) : '';
  return /^(getaddrinfo|connect)$/.test(step) || /CERT|^UNABLE_TO_|^ERR_(SSL|TLS)_/.test(String(cause.code));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : String(cause);
}
