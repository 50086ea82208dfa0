// A loopback port for a process that will listen on it a moment later.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what systems give to connections and to listeners that name no port (Linux from 32768, macOS from 49152): one that is free now is
 * not taken by chance before its owner listens. Counted on from a place of each process's own, so that none is handed out twice.
 */
const ports = { first: 10_000, count: 22_000 };
let next = randomInt(ports.count);

export async function freePort(): Promise<number> {
  for (let tried = 0; tried < ports.count; tried++) {
    const port = ports.first + (next++ % ports.count);
    if (await isFree(port)) return port;
  }
  throw new Error(`expected a free port from ${ports.first} on; found ${ports.count} that are taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
