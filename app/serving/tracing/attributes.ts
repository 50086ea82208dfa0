// What a span says about a request, in OpenTelemetry's words for HTTP: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server. Pure.
import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from '../log.ts';

/** Others are `_OTHER`: a made-up method makes no new name. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);
const longest = 256;

type Values = Record<string, string | number>;
export type RequestLine = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'httpVersion'>;

/** Probes and scrapes, every few seconds for ever, would bury what people ask. */
export function isTraced(url: string): boolean {
  return !/^\/(v2\/health\/|metrics|monitoring\/)/.test(url);
}

/** Known when the request arrives, so that a sampler can look at it. Never the query, a key or an address. */
export function arrivalOf({ method = '', url = '', headers, httpVersion }: RequestLine): {
  readonly name: string;
  readonly attributes: Values;
} {
  const known = knownMethods.has(method) ? method : '_OTHER';
  const attributes: Values = {
    'http.request.method': known,
    'url.scheme': 'http',
    'url.path': url.replace(/[?#].*$/s, '').slice(0, longest),
    'network.protocol.version': httpVersion,
  };
  const agent = headers['user-agent'];
  if (agent !== undefined) attributes['user_agent.original'] = agent.slice(0, longest);
  const [, host, port] = /^([\w.-]+|\[[\da-f:]+\])(?::(\d{1,5}))?$/i.exec(headers.host ?? '') ?? [];
  if (host !== undefined) attributes['server.address'] = host;
  if (port !== undefined) attributes['server.port'] = Number(port);
  return { name: known === '_OTHER' ? 'HTTP' : known, attributes };
}

/** Known at its end. A refusal is the client's error and none of this span: only 5xx are. */
export function outcomeOf(
  name: string,
  { route, status, code, requestId, inferred }: Omit<RequestFacts, 'request' | 'method' | 'seconds'>,
): { readonly name: string; readonly attributes: Values; readonly error: string | undefined } {
  const attributes: Values = { 'http.response.status_code': status, 'trireme.request.id': requestId };
  const hasRoute = route !== 'unmatched';
  if (hasRoute) attributes['http.route'] = route;
  if (code !== undefined) attributes['trireme.error.code'] = code;
  if (inferred !== undefined) {
    attributes['trireme.model.name'] = inferred.model;
    attributes['trireme.model.version'] = inferred.version;
    if (inferred.rows !== undefined) attributes['trireme.rows'] = inferred.rows;
  }
  const error = status >= 500 ? (code ?? String(status)) : undefined;
  if (error !== undefined) attributes['error.type'] = error;
  return { name: hasRoute ? `${name} ${route}` : name, attributes, error };
}
