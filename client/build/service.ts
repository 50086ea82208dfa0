// The service with the models this repository locks, as `npm start` runs it, on a port of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const words = ['PORT=0', 'HOST=127.0.0.1', 'LOG_LEVEL=info', process.execPath, 'bin/trireme.mjs', 'serve'];

export interface RunningService {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves when it is ready. */
export async function startService(): Promise<RunningService> {
  const child = spawn('env', words, { cwd: repository, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  let port: number | undefined;
  const lines = createInterface(child.stdout);
  for await (const line of lines) {
    const { message, ...fields } = JSON.parse(line) as { message: string; port?: number; reason?: string };
    if (message === 'listening') port = fields.port;
    if (message === 'ready' && port !== undefined) {
      child.stdout.resume();
      return { url: `http://127.0.0.1:${port}`, stop };
    }
    if (message === 'never ready') {
      await stop();
      throw new Error(`expected a service that is ready, found: ${fields.reason}; npm start says more`);
    }
  }
  throw new Error('expected a service that is ready, found one that ended; npm start says why');
}
