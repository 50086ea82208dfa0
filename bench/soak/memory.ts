// A service under a steady mix of good, bad and broken-off requests: its memory and its open files must not grow.
import { readdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Asked, RunningServer } from '../serving/server.ts';
import { statusOf } from './one-request.ts';
import { type Sample, type Slope, slopeOf } from './slope.ts';

const mebibyte = 2 ** 20;
const atATime = 8;
/** A process grows at first: pools, compiled code. */
const warmUpShare = 0.35;

export interface Growth {
  readonly requests: number;
  /** In MiB: what is in use, and what the process holds. */
  readonly live: Slope;
  readonly resident: Slope;
  readonly files: Slope;
}

/** @param server with `measure.ts` in it. @throws Error for an answer that is not what it should be. */
export async function growthOf(server: RunningServer, asked: Asked, milliseconds: number): Promise<Growth> {
  const end = performance.now() + milliseconds;
  const agent = new Agent({ keepAlive: true, maxSockets: atATime });
  const bad = { ...asked, body: Buffer.from('{"x":1}') };
  let requests = 0;
  const one = async () => {
    while (performance.now() < end) {
      requests += 1;
      const isBad = requests % 20 === 0;
      const breaksOff = requests % 101 === 0;
      const status = await statusOf(server.port, agent, isBad ? bad : asked, breaksOff);
      const expected = breaksOff ? 0 : isBad ? 400 : 200;
      if (status !== expected) throw new Error(`expected ${expected}, found ${status}`);
    }
  };
  const [live, resident, files]: [Sample[], Sample[], Sample[]] = [[], [], []];
  const started = performance.now();
  const told = createInterface({ input: server.child.stdout ?? Readable.from([]) });
  told.on('line', (line) => {
    const said = JSON.parse(line);
    if (said.message !== 'memory') return;
    const seconds = (performance.now() - started) / 1000;
    live.push({ seconds, value: said.live / mebibyte });
    resident.push({ seconds, value: said.resident / mebibyte });
    files.push({ seconds, value: readdirSync(`/proc/${server.pid}/fd`).length });
  });
  await Promise.all(Array.from({ length: atATime }, one));
  told.close();
  agent.destroy();
  const settled = (samples: readonly Sample[]) => slopeOf(samples.slice(Math.floor(samples.length * warmUpShare)));
  return { requests, live: settled(live), resident: settled(resident), files: settled(files) };
}
