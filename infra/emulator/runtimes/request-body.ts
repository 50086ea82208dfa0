// A request's body on its way to an instance: small ones whole, so that they can be sent again; large ones as they come.
import type { ClientRequest, IncomingMessage } from 'node:http';

const heldBytes = 256 * 1024;

export type RequestBody =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly pipeTo: (upstream: ClientRequest, tooLarge: () => void) => void }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'aborted' };

export async function collectBody(incoming: IncomingMessage, limitBytes: number | null): Promise<RequestBody> {
  const limit = limitBytes ?? Number.POSITIVE_INFINITY;
  const declared = incoming.headers['content-length'];
  const chunked = incoming.headers['transfer-encoding'] !== undefined;
  if (declared === undefined && !chunked) return { kind: 'bytes', bytes: Buffer.alloc(0) };
  if (declared !== undefined && Number(declared) > limit) return { kind: 'too-large' };
  if (chunked || Number(declared) > heldBytes)
    return { kind: 'stream', pipeTo: (upstream, tooLarge) => pipe(incoming, upstream, limit, tooLarge) };
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return { kind: 'aborted' };
  }
  return { kind: 'bytes', bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks) };
}

function pipe(incoming: IncomingMessage, upstream: ClientRequest, limit: number, tooLarge: () => void): void {
  let seen = 0;
  incoming.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen <= limit) return;
    incoming.unpipe(upstream);
    upstream.destroy();
    tooLarge();
  });
  incoming.once('error', () => upstream.destroy());
  incoming.pipe(upstream);
}
