// One check of every request before its route: is it one request, may it be asked, can it be answered now.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../../model/errors.ts';
import { admit, clientAddress, scopeOf } from '../access/access.ts';
import { presentedKey } from '../access/keys.ts';
import { RateLimit, rateHeaders } from '../access/rate.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Overload } from '../overload.ts';
import type { Settings } from '../settings/settings.ts';

/** @returns the refusal to answer with, `answered` when it was a preflight and has its answer, `undefined` to go on. */
export type Gate = (request: IncomingMessage, response: ServerResponse) => AppError | 'answered' | undefined;

/** Counts more against the client's limit than the one of the gate: for a request that costs as much as several. @throws AppError `rate-limited`. */
export type Charge = (request: IncomingMessage, response: ServerResponse, more: number) => void;

export type GateSettings = Pick<
  Settings,
  'apiKeys' | 'adminKeys' | 'rateLimitPerMinute' | 'trustProxy' | 'corsOrigins'
>;

/** Printable ASCII but `#` and `\`: what else Express would clean up first, so that route and check saw two addresses. */
const plainTarget = /^(\/[!-"$-[\]-~]*|\*)$/;
const absoluteForm = /^https?:\/\/[^/?#]*/i;

export function createGate(
  settings: GateSettings,
  overload: Overload,
  metrics: Pick<Metrics, 'shed'>,
): { readonly gate: Gate; readonly charge: Charge } {
  const hasKeys = settings.apiKeys.length + settings.adminKeys.length > 0;
  const limit = settings.rateLimitPerMinute > 0 ? new RateLimit(settings.rateLimitPerMinute) : undefined;
  const origins = settings.corsOrigins.length > 0 ? settings.corsOrigins : undefined;

  /** @returns the refusal. */
  function count(
    request: IncomingMessage,
    response: ServerResponse,
    holder: string | undefined,
    predictions: number,
  ): AppError | undefined {
    if (limit === undefined) return undefined;
    const forwarded = request.headers['x-forwarded-for'];
    const client =
      holder === undefined
        ? `address ${clientAddress(request.socket.remoteAddress ?? '', String(forwarded ?? ''), forwarded === undefined ? 0 : settings.trustProxy)}`
        : `key ${holder}`;
    const answer = limit.take(client, performance.now(), predictions);
    const [policy, state] = rateHeaders(limit.perMinute, answer);
    response.setHeader('ratelimit-policy', policy);
    response.setHeader('ratelimit', state);
    if (answer.isAllowed) return undefined;
    response.setHeader('retry-after', String(answer.resetSeconds));
    return new AppError(
      'rate-limited',
      `expected at most ${limit.perMinute} predictions a minute, found more; wait ${answer.resetSeconds} s`,
    );
  }

  const admitted = (request: IncomingMessage) =>
    admit(settings, scopeOf(pathOf(request)), () => presentedKey(request.rawHeaders));

  const charge: Charge = (request, response, more) => {
    if (limit === undefined || more === 0) return;
    const admission = hasKeys ? admitted(request) : undefined;
    const refusal = count(request, response, admission?.outcome === 'admitted' ? admission.holder : undefined, more);
    if (refusal !== undefined) throw refusal;
  };

  const gate: Gate = (request, response) => {
    const malformed = framing(request);
    if (malformed !== undefined) {
      response.setHeader('connection', 'close');
      return malformed;
    }
    if (origins !== undefined && cors(origins, request, response)) return 'answered';
    let holder: string | undefined;
    if (hasKeys) {
      const admission = admitted(request);
      if (admission.outcome === 'unauthorized') {
        response.setHeader('www-authenticate', 'Bearer');
        return new AppError(
          'unauthorized',
          'expected a key in `Authorization: Bearer` or `X-Api-Key`, once; found none that is valid here',
        );
      }
      if (admission.outcome === 'forbidden')
        return new AppError('forbidden', 'expected a key for this route, found one for others');
      holder = admission.holder;
    }
    // What is only read stays cheap, and health must be answered however busy it is.
    if (request.method !== 'POST') return undefined;
    const refusal = count(request, response, holder, 1);
    if (refusal !== undefined) return refusal;
    const reason = overload.enter();
    if (reason === undefined) {
      response.once('close', overload.leave);
      return undefined;
    }
    metrics.shed(reason);
    response.setHeader('retry-after', '1');
    return new AppError(
      'overloaded',
      'expected to answer in time, found too many predictions at once; ask again in a second',
    );
  };

  return { gate, charge };
}

/**
 * What Node's parser lets pass and another one in front may read otherwise.
 * Two hosts: https://www.rfc-editor.org/rfc/rfc9112#section-3.2. An absolute target is taken for its path, as that section asks.
 */
function framing(request: IncomingMessage): AppError | undefined {
  const { rawHeaders, headers } = request;
  if (request.httpVersionMajor !== 1) return new AppError('body-malformed', 'expected HTTP/1.1, found another version');
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1 || (hosts === 0 && request.httpVersionMinor === 1))
    return new AppError('body-malformed', `expected one Host header, found ${hosts}`);
  if (headers.host !== undefined && /[\s,/?#@\\]/.test(headers.host))
    return new AppError('body-malformed', 'expected a host and port in Host, found something else');
  const coding = headers['transfer-encoding'];
  if (
    coding !== undefined &&
    (coding.toLowerCase() !== 'chunked' || headers['content-length'] !== undefined || request.httpVersionMinor === 0)
  )
    return new AppError('body-malformed', 'expected transfer-encoding chunked alone, found something else');
  let url = request.url ?? '';
  if (!url.startsWith('/') && absoluteForm.test(url)) {
    url = url.replace(absoluteForm, '');
    request.url = url = url.startsWith('/') ? url : `/${url}`;
  }
  if (url !== '/predict' && !plainTarget.test(url))
    return new AppError('not-found', 'expected a well-formed address, found characters that belong escaped');
  return undefined;
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** @returns whether it was a preflight, which is answered here: https://fetch.spec.whatwg.org/#http-cors-protocol */
function cors(origins: readonly string[], request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  response.setHeader('vary', 'Origin');
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return false;
  response.setHeader('access-control-allow-origin', origins.includes('*') ? '*' : origin);
  response.setHeader(
    'access-control-expose-headers',
    'x-request-id, retry-after, ratelimit, ratelimit-policy, inference-header-content-length',
  );
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.setHeader('access-control-allow-methods', 'GET, POST');
  response.setHeader(
    'access-control-allow-headers',
    'content-type, authorization, x-api-key, x-request-id, traceparent, inference-header-content-length',
  );
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
  return true;
}
