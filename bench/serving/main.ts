// The prediction service beside a stock Express 5 echo and beside what others serve the same model with: the shipped app with its metrics
// and request log on, slices in turn, requests per second of the server's own CPU. Ratios only: all share whatever else this machine does.
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Figure } from '../figure.ts';
import { median } from '../median.ts';
import { peakResident } from '../memory.ts';
import { hasPython } from '../python.ts';
import { expectEcho, expectGolden } from './golden.ts';
import { type Locked, preparedImage } from './locked.ts';
import { type InProcess, installPeers, startFastapi, startInProcess, startMlserver } from './peers.ts';
import { binaryRequest, inferRequest, matrixRequest, predictRequest } from './requests.ts';
import { type Asked, answerOf, type RunningServer, startServer, stopServer } from './server.ts';
import { inTurn, p99, sliceMs, startLoad, throughput } from './slices.ts';
import { longestWait, manyRowsSettings, stallRows } from './stall.ts';

const starts = 11;
const manyRows = 1000;
const openLoopRate = 2000;
const openLoopMs = 2500;
const connections = 32;

/** What every part of the measurement needs. */
interface Bench {
  readonly talk: (line: string) => void;
  readonly work: string;
  readonly model: Locked;
  readonly load: ChildProcess;
  readonly ours: RunningServer;
  readonly echo: RunningServer;
  /** Ends with the measurement. */
  keep<T extends { readonly child: ChildProcess }>(started: Promise<T>): Promise<T>;
  /** Starts what lies in the image. */
  start(what: 'service' | 'echo', more?: Readonly<Record<string, string>>): Promise<RunningServer>;
}

export async function benchServing(talk: (line: string) => void): Promise<readonly Figure[]> {
  const work = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const children: ChildProcess[] = [];
  try {
    const { model, image } = await preparedImage(path.join(work, 'built'), talk);
    const environment = { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'debug', NODE_ENV: 'production' };
    const keep: Bench['keep'] = async (starting) => {
      const started = await starting;
      children.push(started.child);
      return started;
    };
    const start: Bench['start'] = (what, more = {}) => {
      const program = { command: image[what], cwd: image.folder, env: { ...environment, ...more } };
      return keep(startServer(program, predictRequest(model.record)));
    };
    const began = await startTimes(start, talk);
    const load = startLoad();
    children.push(load);
    const ours = await start('service');
    const bench = { talk, work, model, load, keep, start, ours, echo: await start('echo') };
    return [
      ...(await besideEcho(bench)),
      ...(await besidePeers(bench)),
      { name: 'start to first 200 ÷ bare Express', value: began, unit: '×', must: 2, aim: 1.5 },
      ...(await workersFigure(bench)),
      ...(await stallFigure(bench)),
    ];
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function besideEcho(bench: Bench): Promise<Figure[]> {
  const { talk, model, load, ours, echo } = bench;
  const compare = async (asked: Asked, at: number, rows = 1) => {
    expectGolden(await answerOf(ours, asked), { ...model.golden, rows });
    expectEcho(await answerOf(echo, { ...asked, path: '/predict' }), asked.body);
    const { ratio, value, spread } = await inTurn(
      () => throughput(load, ours, at, asked),
      () => throughput(load, echo, at, { ...asked, path: '/predict' }),
    );
    talk(
      `${asked.path}, ${at} connections, ${asked.body.length} bytes: ${value.toFixed(0)} per CPU-second, ratio ${ratio.toFixed(2)} (${spread})`,
    );
    return ratio;
  };
  const one = predictRequest(model.record);
  const many = await compare(one, connections);
  const single = await compare(one, 1);
  talk(`most resident memory with one record a request: ${megabytes(await peakResident(ours.pid))} MB`);
  const infer = await compare(inferRequest(model.name, model.record), connections);
  const rows = await compare(predictRequest(model.record, manyRows), 4, manyRows);
  const open = await inTurn(
    () => p99(load, ours, one, openLoopRate, openLoopMs),
    () => p99(load, echo, one, openLoopRate, openLoopMs),
  );
  talk(
    `open loop at ${openLoopRate} a second: p99 ${open.value.toFixed(2)} ms, ratio ${open.ratio.toFixed(2)} (${open.spread})`,
  );
  const memory = await peakResident(ours.pid);
  const memoryName = `most resident memory under all this load, ${manyRows} rows a request too`;
  return [
    { name: '/predict, 32 connections ÷ stock Express 5 echo', value: many, unit: '×', least: 1.1, aim: 1.4 },
    { name: '/predict, 1 connection ÷ stock Express 5 echo', value: single, unit: '×', least: 0.9, aim: 1.2 },
    { name: 'Open Inference with JSON, 32 connections ÷ the echo of the same', value: infer, unit: '×' },
    { name: `${manyRows} rows as JSON ÷ the echo of the same`, value: rows, unit: '×' },
    {
      name: `open loop ${openLoopRate} requests/s, p99 ÷ the echo's p99`,
      value: open.ratio,
      unit: '×',
      must: 1.5,
      aim: 1,
    },
    memory === undefined
      ? { name: memoryName, notRun: '/proc does not tell it here' }
      : { name: memoryName, value: memory / 1e6, unit: 'MB', must: 180, aim: 130 },
  ];
}

const megabytes = (bytes: number | undefined) => (bytes === undefined ? '?' : (bytes / 1e6).toFixed(0));

const peerNames = {
  fastapi: '/predict ÷ FastAPI + scikit-learn, async on uvicorn',
  batching: '/predict ÷ the same with micro-batching',
  mlserver: 'Open Inference ÷ MLServer with adaptive batching',
  json: `${manyRows} rows as JSON, rows ÷ scikit-learn predict_proba in process`,
  binary: `${manyRows} rows as binary tensors, rows ÷ the same`,
} as const;

async function besidePeers(bench: Bench): Promise<Figure[]> {
  const { talk, work, model, load, ours, keep } = bench;
  const skipped = (notRun: string) => Object.values(peerNames).map((name) => ({ name, notRun }));
  if (!hasPython()) return skipped('no python3 here; install Python 3.11 or newer');
  let bins: ReturnType<typeof installPeers>;
  try {
    bins = installPeers(talk);
  } catch (error) {
    return skipped(
      `the peers could not be installed: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  }
  const one = predictRequest(model.record);
  const compare = async (name: string, mine: Asked, peer: RunningServer, theirs: Asked) => {
    expectGolden(await answerOf(ours, mine), { ...model.golden, rows: 1 });
    expectGolden(await answerOf(peer, theirs), { ...model.golden, rows: 1 });
    const found = await inTurn(
      () => throughput(load, ours, connections, mine),
      () => throughput(load, peer, connections, theirs),
    );
    talk(`${name}: ${found.ratio.toFixed(1)} (${found.spread})`);
    await stopServer(peer);
    return found.ratio;
  };
  const matrix = matrixRequest(model.name, model.record);
  const fastapi = await keep(startFastapi(bins.sklearn, model.directory, false, one));
  const toFastapi = await compare(peerNames.fastapi, one, fastapi, one);
  const batching = await keep(startFastapi(bins.sklearn, model.directory, true, one));
  const toBatching = await compare(peerNames.batching, one, batching, one);
  const mlserver = await keep(startMlserver(bins.mlserver, model.directory, path.join(work, 'mlserver'), matrix));
  const toMlserver = await compare(peerNames.mlserver, inferRequest(model.name, model.record), mlserver, matrix);
  const alone = await keep(startInProcess(bins.sklearn, model.directory));
  const json = await rowsBeside(bench, alone, peerNames.json, predictRequest(model.record, manyRows));
  const binary = await rowsBeside(bench, alone, peerNames.binary, binaryRequest(model.name, model.record, manyRows));
  alone.child.kill('SIGKILL');
  return [
    { name: peerNames.fastapi, value: toFastapi, unit: '×', least: 12, aim: 17 },
    { name: peerNames.batching, value: toBatching, unit: '×', least: 5, aim: 6.5 },
    { name: peerNames.mlserver, value: toMlserver, unit: '×', least: 13, aim: 19 },
    { name: peerNames.json, value: json, unit: '×', least: 0.4, aim: 0.5 },
    { name: peerNames.binary, value: binary, unit: '×', least: 0.8, aim: 2 },
  ];
}

/** The other side has held itself to the golden answers when it started. */
async function rowsBeside(bench: Bench, alone: InProcess, name: string, asked: Asked): Promise<number> {
  const { talk, load, ours, model } = bench;
  expectGolden(await answerOf(ours, asked), { ...model.golden, rows: manyRows });
  const { ratio, value, spread } = await inTurn(
    async () => manyRows * (await throughput(load, ours, 4, asked)),
    () => alone.slice(manyRows, sliceMs),
  );
  talk(`${name}: ${(value / 1e6).toFixed(2)} million rows per CPU-second, ratio ${ratio.toFixed(2)} (${spread})`);
  return ratio;
}

async function workersFigure({ talk, start, load, ours, model }: Bench): Promise<Figure[]> {
  const two = await start('service', { WORKERS: '2' });
  const one = predictRequest(model.record);
  expectGolden(await answerOf(two, one), { ...model.golden, rows: 1 });
  const { ratio, spread } = await inTurn(
    () => throughput(load, two, connections, one),
    () => throughput(load, ours, connections, one),
  );
  talk(`2 processes ÷ 1, per CPU-second: ${ratio.toFixed(2)} (${spread})`);
  return [{ name: '2 workers ÷ 1, per CPU-second', value: ratio, unit: '×', least: 0.84, aim: 0.94 }];
}

/** How long others wait while one request brings very many rows, beside a server that only parses the same body. */
async function stallFigure({ talk, start, keep, work, model }: Bench): Promise<Figure[]> {
  const rows = predictRequest(model.record, stallRows);
  const patient = await start('service', manyRowsSettings);
  const script = path.join(import.meta.dirname, 'parser.ts');
  const command: [string, string] = [process.execPath, script];
  const parser = await keep(startServer({ command, cwd: work, env: process.env }, predictRequest(model.record)));
  expectGolden(await answerOf(patient, rows), { ...model.golden, rows: stallRows });
  const { ratio, value, spread } = await inTurn(
    () => longestWait(patient, rows),
    () => longestWait(parser, rows),
    5,
  );
  await stopServer(patient);
  await stopServer(parser);
  talk(
    `${stallRows} rows in one request: the health route waited ${value.toFixed(0)} ms, ratio ${ratio.toFixed(2)} (${spread})`,
  );
  return [
    { name: `longest wait during ${stallRows} rows ÷ JSON.parse of the same body`, value: ratio, unit: '×', must: 2 },
  ];
}

async function startTimes(start: Bench['start'], talk: (line: string) => void): Promise<number> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = -1; round < starts; round++) {
    for (const [what, times] of [
      ['service', ours],
      ['echo', bare],
    ] as const) {
      const server = await start(what);
      // The first of each fills caches of the file system.
      if (round >= 0) times.push(server.seconds);
      await stopServer(server);
    }
  }
  talk(`start to first 200: ${median(ours).toFixed(2)} s, bare Express ${median(bare).toFixed(2)} s`);
  return median(ours) / median(bare);
}
