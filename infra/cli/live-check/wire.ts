// Listens to this process's own HTTP while a live check runs: whatever asks a vendor, an SDK or `fetch`, is heard, and nothing is changed.
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import type { Exchange } from './transcript.ts';

type Heard = (exchange: Omit<Exchange, 'at' | 'stage'>) => void;

/** More than any document of a control plane; layers of images are not kept. */
const keptBytes = 1 << 20;

/** @param wants whose exchanges are heard, by `host:port` and path. @returns what ends it. */
export function listenToHttp(wants: (host: string, path: string) => boolean, heard: Heard): () => void {
  const { fetch } = globalThis;
  const plain = { http: http.request, https: https.request };
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { host, pathname, search } = new URL(request.url);
    const path = `${pathname}${search}`;
    const answer = await fetch(input, init);
    if (wants(host, path)) {
      const [asked, said] = [typeof init?.body === 'string' ? init.body : '', await answer.clone().text()];
      heard(
        exchangeOf({
          method: request.method,
          host,
          path,
          asked,
          status: answer.status,
          said,
          challenge: answer.headers.get('www-authenticate'),
        }),
      );
    }
    return answer;
  };
  const watched = (request: ClientRequest): ClientRequest => {
    const host = String(request.getHeader('host') ?? request.host);
    if (!wants(host, request.path)) return request;
    const asked: Buffer[] = [];
    for (const name of ['write', 'end'] as const) {
      const original = request[name].bind(request) as (...args: unknown[]) => never;
      Object.assign(request, {
        [name]: (...args: unknown[]) => {
          const [chunk] = args;
          if (typeof chunk === 'string' || chunk instanceof Uint8Array) asked.push(Buffer.from(chunk as string));
          return original(...args);
        },
      });
    }
    request.prependListener('response', (response: IncomingMessage) => {
      const said: Buffer[] = [];
      let size = 0;
      const push = response.push.bind(response);
      // Reading by an event would start the stream before its owner is ready.
      response.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
        if (chunk !== null && size < keptBytes) {
          size += chunk.length;
          said.push(Buffer.from(chunk));
        }
        if (chunk === null) {
          const target = request.getHeader('x-amz-target');
          heard(
            exchangeOf({
              method: request.method,
              host,
              path: request.path,
              ...(typeof target === 'string' ? { target } : {}),
              asked: Buffer.concat(asked).toString('utf8'),
              status: response.statusCode ?? 0,
              said: Buffer.concat(said).toString('utf8'),
              challenge: response.headers['www-authenticate'] ?? null,
            }),
          );
        }
        return push(chunk, encoding);
      };
    });
    return request;
  };
  http.request = ((...args: Parameters<typeof http.request>) => watched(plain.http(...args))) as typeof http.request;
  https.request = ((...args: Parameters<typeof https.request>) =>
    watched(plain.https(...args))) as typeof https.request;
  syncBuiltinESMExports();
  return () => {
    globalThis.fetch = fetch;
    http.request = plain.http;
    https.request = plain.https;
    syncBuiltinESMExports();
  };
}

function exchangeOf(heard: {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly target?: string;
  readonly asked: string;
  readonly status: number;
  readonly said: string;
  readonly challenge: string | null;
}): Omit<Exchange, 'at' | 'stage'> {
  const { method, host, path, target, status, challenge } = heard;
  // What a token endpoint is given and gives is a credential, all of it.
  const isToken = /\/(oauth2|token)\b/.test(path);
  const [request, answer] = isToken ? [undefined, undefined] : [json(heard.asked), json(heard.said)];
  return {
    method,
    host,
    path: isToken ? (path.split('?')[0] ?? path) : path,
    ...(target === undefined ? {} : { target }),
    ...(request === undefined ? {} : { request }),
    status,
    ...(answer === undefined ? {} : { answer }),
    ...(challenge === null ? {} : { challenge }),
  };
}

/** Image layers and log texts are no documents. */
function json(text: string): unknown {
  if (text === '' || text.length > keptBytes) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
