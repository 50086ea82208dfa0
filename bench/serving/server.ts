// A server under measurement: a process, its port, and the CPU time that it and whatever it started have used.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { family } from '../memory.ts';
import { patienceMs } from './answers.ts';
import type { Answer } from './golden.ts';

const startWithinMs = 60_000;

export interface RunningServer {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to the first 200, in seconds. */
  readonly seconds: number;
}

/** What is asked over and over, and counts as answered with 200 only. */
export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Known before; otherwise it is read from the line that says `listening`. */
  readonly port?: number;
}

/** Resolves at its first 200. @throws Error when it ends before, or never answers so. */
export async function startServer(program: Program, asked: Asked): Promise<RunningServer> {
  const [command, ...args] = program.command;
  const started = performance.now();
  const child = spawn(command, args, { cwd: program.cwd, env: program.env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const late = sleep(startWithinMs, undefined, { ref: false }).then(() => {
      throw new Error(`${args[0]} did not listen in ${startWithinMs / 1000} s`);
    });
    const port = await Promise.race([listening(child, program.port), failing(child, args[0] ?? command), late]);
    for (let last = 'nothing'; performance.now() - started < startWithinMs; ) {
      const response = await send(port, asked).catch(() => undefined);
      const text = await response?.text();
      if (response?.status === 200)
        return { child, pid: child.pid ?? 0, port, seconds: (performance.now() - started) / 1000 };
      last = `${response?.status}: ${text}`;
      if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}; it said ${last}`);
      await sleep(2);
    }
    throw new Error(`${args[0]} never answered 200 in ${startWithinMs / 1000} s`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function send(port: number, { path, headers, body }: Asked): Promise<Response> {
  const init = { method: 'POST', headers, body: new Uint8Array(body), signal: AbortSignal.timeout(patienceMs) };
  return fetch(`http://127.0.0.1:${port}${path}`, init);
}

/** Asks once. @throws Error unless the answer is 200. */
export async function answerOf({ port }: RunningServer, asked: Asked): Promise<Answer> {
  const response = await send(port, asked);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200)
    throw new Error(`${asked.path}: expected 200; found ${response.status}: ${body.toString().slice(0, 200)}`);
  return { headers: response.headers, body };
}

export async function stopServer({ child }: RunningServer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The log goes through a pipe that is read, as a runtime reads it. */
function listening(child: ChildProcess, port: number | undefined): Promise<number> {
  return new Promise((resolve) => {
    if (port !== undefined) resolve(port);
    child.stdout?.on('data', (chunk) => {
      const found = /"message":"listening".*?"port":(\d+)/.exec(String(chunk))?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
}

function failing(child: ChildProcess, name: string): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
  });
}

/** For programs that have to be told one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Of all threads of it and of all that it started, to the nanosecond: https://docs.kernel.org/scheduler/sched-stats.html */
export async function cpuSeconds(root: number): Promise<number> {
  let nanoseconds = 0;
  for (const pid of await family(root)) {
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
      nanoseconds += Number(text.split(' ')[0]);
    }
  }
  return nanoseconds / 1e9;
}
