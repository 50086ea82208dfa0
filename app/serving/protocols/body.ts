// Reads the body of the inference protocols: bytes of any declared type, gzip and deflate undone, never more than the limit.
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { Request, RequestHandler } from 'express';
import { describe } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import { noteArrival } from '../http/inference.ts';

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
/** By the client's word: a map, where what every object has is not found. */
const inflaters: ReadonlyMap<string, Inflate> = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
]);

/**
 * Sets `request.body` to a Buffer. The content type is not looked at: the protocols' own clients send none.
 * @throws AppError `body-malformed`, `body-too-large` or `media-type-unsupported`.
 */
export function bytesBody(limitBytes: number): RequestHandler {
  return async (request, response, next) => {
    noteArrival(response);
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    const undo = inflaters.get(encoding);
    if (undo === undefined && encoding !== 'identity') {
      throw new AppError(
        'media-type-unsupported',
        `expected content-encoding gzip, deflate or none, found ${describe(encoding)}; send the body in one of these`,
      );
    }
    const bytes = await collect(request, limitBytes);
    if (bytes.length === 0) throw new AppError('body-malformed', 'expected a body, found none');
    request.body = undo === undefined ? bytes : await undone(undo, bytes, encoding, limitBytes);
    next();
  };
}

/** @throws AppError `body-malformed` for what is no JSON object. */
export function parseJson(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    if (isUtf8(bytes)) value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Told below, without the text: it is the client's.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new AppError('body-malformed', 'expected a body that is a JSON object in UTF-8, found something else');
}

function collect(request: Request, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () =>
      new AppError(
        'body-too-large',
        `expected a body of at most ${limitBytes} bytes, found a larger one; send fewer records at a time`,
      );
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limitBytes) return void chunks.push(chunk);
      request.off('data', take);
      reject(tooLarge());
    };
    request.on('data', take);
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    // The client went away: nobody is there to answer, and the handler of failures sees that.
    request.once('error', reject);
  });
}

/** A few kilobytes of compressed zeros would be a gigabyte: inflating stops at the limit. */
async function undone(undo: Inflate, bytes: Buffer, encoding: string, limitBytes: number): Promise<Buffer> {
  try {
    return await undo(bytes, { maxOutputLength: limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new AppError(
        'body-too-large',
        `expected a body of at most ${limitBytes} bytes once inflated, found a larger one; send fewer records at a time`,
      );
    }
    throw new AppError('body-malformed', `expected a body in ${encoding}, as content-encoding says, found other bytes`);
  }
}
