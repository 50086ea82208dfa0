// One layer's files, in order, out of its compressed bytes. Verify the bytes first: nothing here asks where they come from.
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Extract, extract } from 'tar-stream';
import { DeliveryError } from '../contract/errors.ts';

/** A file, folder or link of a layer: its header, and its bytes to be read. */
export type LayerEntry = Extract extends AsyncIterable<infer Entry> ? Entry : never;

/**
 * Calls `visit` for each entry; what it leaves unread is skipped.
 * @throws DeliveryError `document-invalid` for an unknown compression or a broken archive; whatever `visit` throws.
 */
export async function visitLayer(
  mediaType: string,
  bytes: Readable,
  visit: (entry: LayerEntry) => Promise<void>,
): Promise<void> {
  const entries = extract();
  const flowing = pipeline([bytes, decompress(mediaType), entries]);
  const reading = (async () => {
    for await (const entry of entries) {
      await visit(entry);
      entry.resume();
    }
  })();
  const [flowed, read] = await Promise.allSettled([flowing, reading]);
  const causes = [read, flowed].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (causes.length === 0) return;
  // When one side breaks, the other reports no more than that it was cut off.
  const told = causes.find((cause) => cause instanceof DeliveryError);
  if (told !== undefined) throw told;
  const cause = causes.at(-1);
  throw new DeliveryError('document-invalid', `expected a layer archive; found: ${String(cause)}`, { cause });
}

function decompress(mediaType: string): Transform {
  if (/[+.]gzip$/.test(mediaType)) return createGunzip();
  if (/\+zstd$/.test(mediaType)) return createZstdDecompress();
  if (/\.tar$/.test(mediaType)) return new PassThrough();
  throw new DeliveryError('document-invalid', `expected a layer as tar, gzip or zstd; found \`${mediaType}\``);
}
