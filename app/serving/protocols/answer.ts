// Sends what a protocol answers, compressed when the client takes that and it is long enough to gain.
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { sendText } from '../http/json.ts';

/** Shorter answers travel faster than they compress: a few packets either way. */
export const compressedFrom = 8192;

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

export async function answerJson(response: Response, value: object): Promise<void> {
  await answerText(response, JSON.stringify(value));
}

/** @param text JSON. */
export async function answerText(response: Response, text: string): Promise<void> {
  if (acceptedEncoding(response.req) === undefined) return sendText(response, 200, text);
  await answerBytes(response, 'application/json', Buffer.from(text));
}

export async function answerBytes(response: Response, type: string, bytes: Buffer): Promise<void> {
  const encoding = bytes.length < compressedFrom ? undefined : acceptedEncoding(response.req);
  // Level 1: the rest of the levels gain a tenth of the size for several times the work.
  const sent = encoding === undefined ? bytes : await compressors[encoding](bytes, { level: 1 });
  // Node's own setHeader: Express's adds a charset, which one of the protocols' clients does not understand.
  response.setHeader('content-type', type);
  if (encoding !== undefined) response.setHeader('content-encoding', encoding).setHeader('vary', 'accept-encoding');
  response.setHeader('content-length', sent.length);
  response.end(sent);
}

function acceptedEncoding(request: Request): keyof typeof compressors | undefined {
  const accepted = request.headers['accept-encoding'];
  if (accepted === undefined) return undefined;
  const refused = /;\s*q=0(\.0*)?\s*(,|$)/;
  for (const one of ['gzip', 'deflate'] as const) {
    const part = accepted.split(',').find((each) => each.trim().toLowerCase().startsWith(one));
    if (part !== undefined && !refused.test(part)) return one;
  }
  return undefined;
}
