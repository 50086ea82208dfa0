// Run by npm before it packs: starts the service with the models this repository locks, and makes dist/ from what it says of itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildPackage } from './package.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const destination = fileURLToPath(new URL('../dist', import.meta.url));

const service = spawn(
  'env',
  ['PORT=0', 'HOST=127.0.0.1', 'LOG_LEVEL=info', process.execPath, 'bin/trireme.mjs', 'serve'],
  {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ended = once(service, 'exit');
try {
  await buildPackage(`http://127.0.0.1:${await readyPort()}`, destination);
} finally {
  service.kill('SIGINT');
  await ended;
}

/** Its log says where it listens and when it is ready. */
async function readyPort(): Promise<number> {
  let port: number | undefined;
  for await (const line of createInterface(service.stdout)) {
    const { message, ...fields } = JSON.parse(line) as { message: string; port?: number; reason?: string };
    if (message === 'listening') port = fields.port;
    if (message === 'ready' && port !== undefined) {
      service.stdout.resume();
      return port;
    }
    if (message === 'never ready') throw new Error(`expected a service that is ready, found: ${fields.reason}`);
  }
  throw new Error('expected a service that is ready, found one that ended');
}
