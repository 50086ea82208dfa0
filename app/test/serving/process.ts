// Starts the service as a runtime does: a process of its own, in a folder with `models`, told by its environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach } from 'vitest';
import { root } from '../wine.ts';

export interface RunningService {
  readonly url: string;
  readonly lines: readonly { readonly message: string; readonly [field: string]: unknown }[];
  readonly process: ChildProcess;
  /** Resolves with how it ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when it listens. @param words what Node runs: the image's entry, unless another. */
export async function runService(
  cwd: string,
  environment: Record<string, string> = {},
  words: readonly string[] = [path.join(root, 'app/serving/main.ts')],
): Promise<RunningService> {
  const child = spawn(process.execPath, words, {
    cwd,
    env: { PORT: '0', HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return { code, signal };
  });
  const lines: { message: string; port?: number }[] = [];
  const listening = new Promise<number>((resolve) => {
    let rest = '';
    child.stdout.on('data', (chunk) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = JSON.parse(part);
        lines.push(line);
        if (line.message === 'listening') resolve(line.port);
      }
    });
  });
  const early = ended.then(({ code }) => {
    throw new Error(`ended with ${code} before it listened`);
  });
  const port = await Promise.race([listening, early]);
  early.catch(() => {});
  return { url: `http://127.0.0.1:${port}`, lines, process: child, ended };
}

/** Asks until it is ready, or says for good that it never will be. */
export async function settled({
  url,
  lines,
}: RunningService): Promise<{ status: number; body: Record<string, unknown> }> {
  for (;;) {
    const response = await fetch(`${url}/v2/health/ready`);
    const body = (await response.json()) as Record<string, unknown>;
    if (response.status === 200 || lines.some(({ message }) => message === 'never ready')) {
      if (response.status === 200) return { status: 200, body };
      const last = await fetch(`${url}/v2/health/ready`);
      return { status: last.status, body: (await last.json()) as Record<string, unknown> };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
