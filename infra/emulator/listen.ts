// Puts a transport-neutral handler on a loopback port, for vendor SDKs, fetch and curl.
import { createServer, type IncomingMessage } from 'node:http';
import type { Handler } from './world.ts';

export interface Listener {
  /** `http://127.0.0.1:<port>`, no trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

const mostBytes = 8 * 1024 * 1024;

/** @param wanted a port; 0 for a free one. */
export async function listen(handler: Handler, wanted = 0): Promise<Listener> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const {
        status,
        headers = {},
        body,
      } = await handler({
        method: incoming.method ?? 'GET',
        url: incoming.url ?? '/',
        headers: headersOf(incoming),
        body: await bodyOf(incoming),
      });
      outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body ?? '') });
      outgoing.end(body);
    } catch (error) {
      if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'text/plain', connection: 'close' });
      outgoing.end(String(error));
    }
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostBytes) throw new Error(`expected a body of at most ${mostBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
