// The token services beside the registries, so that a client which follows the challenge gets what it needs for the next request.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { emulatedAccessToken } from './credentials.ts';
import { userAndPassword } from './vendors.ts';

/** Artifact Registry's `/v2/token`, ACR's `/oauth2/exchange` and `/oauth2/token`. `false`: not one of these. */
export function answerToken(request: IncomingMessage, response: ServerResponse): boolean {
  const path = new URL(request.url ?? '/', 'http://registry').pathname;
  if (path !== '/v2/token' && path !== '/oauth2/exchange' && path !== '/oauth2/token') return false;
  void readText(request).then((body) => {
    const form = new URLSearchParams(body);
    const credential =
      form.get('access_token') ??
      form.get('refresh_token') ??
      userAndPassword(request.headers.authorization ?? '').replace(/^[^:]*:/, '');
    const granted = credential.startsWith('emulated');
    const tokens =
      path === '/oauth2/exchange'
        ? { refresh_token: emulatedAccessToken }
        : { access_token: emulatedAccessToken, token: emulatedAccessToken, expires_in: 3600 };
    const refusal = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }] };
    response.writeHead(granted ? 200 : 401, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(granted ? tokens : refusal));
  });
  return true;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) if (chunks.length < 64) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
