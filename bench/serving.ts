// The prediction service beside a stock Express 5 echo: the shipped app with metrics and request log on, slices in turn, requests per second of the server's own CPU.
// Ratios only: both servers share whatever else this machine does.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readArtifact } from '../app/model/artifact.ts';
import { ensureModels } from '../app/training/ensure.ts';
import type { Figure } from './figure.ts';
import { median } from './median.ts';
import { proportionalSetSize } from './memory.ts';
import type { Slice, SliceResult } from './serving-load.ts';

const project = path.join(import.meta.dirname, '..');
const rounds = 10;
const starts = 7;
const sliceMs = 500;
const manyRows = 1000;
const mebibyte = 2 ** 20;

export async function benchServing(talk: (line: string) => void): Promise<readonly Figure[]> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const children: ChildProcess[] = [];
  try {
    const record = await prepareModels(path.join(cwd, 'models'), talk);
    const environment = { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'debug', NODE_ENV: 'production' };
    const start = async (script: string) => {
      const server = await startServer(path.join(project, script), cwd, environment, record);
      children.push(server.child);
      return server;
    };
    const began = await startTimes(start, talk);
    const [ours, echo] = [await start('app/serving/main.ts'), await start('bench/serving-echo.ts')];
    const load = fork(path.join(import.meta.dirname, 'serving-load.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(load);

    const compare = async (connections: number, body: string) => {
      const ratios: number[] = [];
      const rates: number[] = [];
      // The first rounds warm both up.
      for (let round = -2; round < rounds; round++) {
        const a = await slice(load, ours, connections, body);
        const b = await slice(load, echo, connections, body);
        if (round < 0) continue;
        rates.push(a);
        ratios.push(a / b);
      }
      const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
      talk(
        `${connections} connections, ${body.length} bytes: ${median(rates).toFixed(0)} requests per CPU-second, ratio ${median(ratios).toFixed(2)} (${spread})`,
      );
      return { ratio: median(ratios), rate: median(rates) };
    };
    const one = JSON.stringify(record);
    const many = await compare(32, one);
    const single = await compare(1, one);
    const memory = (await proportionalSetSize(ours.pid)) ?? Number.NaN;
    const rows = await compare(4, JSON.stringify(Array(manyRows).fill(record)));
    return [
      { name: '/predict, 32 connections ÷ stock Express 5 echo', value: many.ratio, unit: '×', least: 1.1 },
      { name: '/predict, 1 connection ÷ stock Express 5 echo', value: single.ratio, unit: '×', least: 0.9 },
      { name: `${manyRows} rows as JSON`, value: (rows.rate * manyRows) / 1e6, unit: 'million rows per CPU-second' },
      { name: `${manyRows} rows as JSON ÷ the echo of the same`, value: rows.ratio, unit: '×' },
      { name: 'start to first 200 ÷ bare Express', value: began, unit: '×', must: 2 },
      { name: 'resident memory under load', value: memory / mebibyte, unit: 'MiB', must: 180 },
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(cwd, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Puts the locked models where an image has them. @returns a record that the first one takes. */
async function prepareModels(folder: string, talk: (line: string) => void): Promise<object> {
  const places = {
    problemFile: path.join(project, 'problem.yaml'),
    store: path.join(project, '.trireme', 'models'),
    lockFile: path.join(project, 'model.lock.json'),
  };
  let record: object = {};
  for (const { name, directory } of await ensureModels(places, talk, () => {})) {
    await cp(directory, path.join(folder, name), { recursive: true });
    record = (await readArtifact(directory)).golden.cases[0]?.input ?? record;
  }
  return record;
}

interface RunningServer {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to the first 200, in seconds. */
  readonly seconds: number;
}

async function startServer(
  script: string,
  cwd: string,
  env: Record<string, string | undefined>,
  record: object,
): Promise<RunningServer> {
  const started = performance.now();
  const child = spawn(process.execPath, [script], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it listened`)));
    // The log goes through a pipe that is read, as a runtime reads it.
    child.stdout.on('data', (chunk) => {
      const found = /"message":"listening".*?"port":(\d+)/.exec(String(chunk))?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(record) };
  for (let tries = 0; tries < 2000; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/predict`, init);
    await response.arrayBuffer();
    if (response.status === 200)
      return { child, pid: child.pid ?? 0, port, seconds: (performance.now() - started) / 1000 };
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${script} never answered 200`);
}

async function startTimes(
  start: (script: string) => Promise<RunningServer>,
  talk: (line: string) => void,
): Promise<number> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = -1; round < starts; round++) {
    for (const [script, times] of [
      ['app/serving/main.ts', ours],
      ['bench/serving-echo.ts', bare],
    ] as const) {
      const server = await start(script);
      // The first of each fills caches of the file system.
      if (round >= 0) times.push(server.seconds);
      const ended = once(server.child, 'exit');
      server.child.kill('SIGKILL');
      await ended;
    }
  }
  talk(`start to first 200: ${median(ours).toFixed(2)} s, bare Express ${median(bare).toFixed(2)} s`);
  return median(ours) / median(bare);
}

/** @returns requests per second of the server's CPU. */
async function slice(load: ChildProcess, server: RunningServer, connections: number, body: string): Promise<number> {
  const before = await cpuSeconds(server.pid);
  const asked: Slice = { port: server.port, connections, milliseconds: sliceMs, body };
  load.send(asked);
  const [{ requests, failed, sample }] = (await once(load, 'message')) as [SliceResult];
  const used = (await cpuSeconds(server.pid)) - before;
  if (failed > 0)
    throw new Error(`${failed} of ${requests} requests were not answered with 200; the last said ${sample}`);
  return requests / used;
}

/** Of all threads, to the nanosecond: https://docs.kernel.org/scheduler/sched-stats.html */
async function cpuSeconds(pid: number): Promise<number> {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    nanoseconds += Number(text.split(' ')[0]);
  }
  return nanoseconds / 1e9;
}
