// Two things measured in turn, a slice each: whatever else the machine does meets both, and the ratio stays.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { median } from '../median.ts';
import type { ClosedLoopResult } from './closed-loop.ts';
import type { Slice, SliceResult } from './load.ts';
import { type OpenLoopResult, percentile } from './open-loop.ts';
import { type Asked, cpuSeconds, type RunningServer } from './server.ts';

const rounds = 10;
export const sliceMs = 500;
const warmUpRounds = 2;

export interface Ratio {
  readonly ratio: number;
  /** The middle one of the first. */
  readonly value: number;
  /** The lowest and the highest ratio of a round. */
  readonly spread: string;
}

/** @param ours measures a slice; @param theirs the other's. @returns the middle of the rounds' ratios. */
export async function inTurn(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  count = rounds,
): Promise<Ratio> {
  const ratios: number[] = [];
  const values: number[] = [];
  for (let round = -warmUpRounds; round < count; round++) {
    const value = await ours();
    const other = await theirs();
    if (round < 0) continue;
    values.push(value);
    ratios.push(value / other);
  }
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return { ratio: median(ratios), value: median(values), spread };
}

export function startLoad(): ChildProcess {
  return fork(path.join(import.meta.dirname, 'load.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}

/** @returns requests per second of the server's CPU. */
export async function throughput(
  load: ChildProcess,
  server: RunningServer,
  connections: number,
  asked: Asked,
): Promise<number> {
  const before = await cpuSeconds(server.pid);
  const { requests } = await ask<ClosedLoopResult>(load, {
    ...asked,
    port: server.port,
    connections,
    milliseconds: sliceMs,
  });
  return requests / ((await cpuSeconds(server.pid)) - before);
}

/** @returns p99 in ms at a fixed rate. */
export async function p99(
  load: ChildProcess,
  server: RunningServer,
  asked: Asked,
  rate: number,
  milliseconds: number,
): Promise<number> {
  // As many connections as a balancer would open; that many waiting at once would be a stall already.
  const { latencies } = await ask<OpenLoopResult>(load, {
    ...asked,
    port: server.port,
    connections: 64,
    milliseconds,
    rate,
  });
  return percentile(latencies, 0.99);
}

async function ask<R extends SliceResult>(load: ChildProcess, slice: Slice): Promise<R> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(load, 'exit', { signal }).then(() => {
    throw new Error('the load generator ended; what it said stands above');
  });
  load.send(slice);
  const [result] = (await Promise.race([once(load, 'message', { signal }), ended]).finally(() => over.abort())) as [R];
  ended.catch(() => {});
  if (result.failed > 0)
    throw new Error(`${result.failed} requests were not answered with 200; the last said ${result.sample}`);
  return result;
}
