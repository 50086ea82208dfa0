// As users come: at a fixed rate, whether or not the server keeps up. A request's latency counts from when it was due, so that one that
// had to wait for a free connection counts that wait too: what wrk2 calls corrected for coordinated omission, https://github.com/giltene/wrk2.
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { answerReader, patienceMs } from './answers.ts';

export interface OpenLoopResult {
  /** In ms, of every request, from when it was due to its whole answer; ascending. */
  readonly latencies: Float64Array;
  readonly failed: number;
  readonly sample: string;
}

/** @param rate requests a second. @param patience for the last answers. @throws Error when the server closes a connection, or does not answer. */
export async function openLoop(
  sockets: readonly Socket[],
  request: Uint8Array,
  rate: number,
  milliseconds: number,
  patience = patienceMs,
): Promise<OpenLoopResult> {
  const total = Math.floor((rate * milliseconds) / 1000);
  const latencies = new Float64Array(total);
  const idle: Socket[] = [];
  const dueOf = new Map<Socket, number>();
  let answered = 0;
  let failed = 0;
  let sample = '';
  let lost: unknown;
  const cleanups = sockets.map((socket) => {
    const read = answerReader((status, last) => {
      latencies[answered++] = performance.now() - (dueOf.get(socket) ?? Number.NaN);
      if (status !== 200) failed++;
      sample = last;
      idle.push(socket);
    });
    const reader = (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        lost ??= error;
      }
    };
    const gone = () => {
      lost ??= new Error('the server closed a connection');
    };
    socket.on('data', reader).on('close', gone);
    idle.push(socket);
    return () => socket.off('data', reader).off('close', gone);
  });
  const started = performance.now();
  let sent = 0;
  while (answered < total && lost === undefined) {
    for (let now = performance.now(); sent < total && idle.length > 0; sent++) {
      const due = started + (sent * 1000) / rate;
      if (due > now) break;
      // The one that rested longest: a server closes those that rest too long.
      const socket = idle.shift();
      if (socket === undefined) break;
      dueOf.set(socket, due);
      socket.write(request);
      now = performance.now();
    }
    if (performance.now() > started + milliseconds + patience)
      lost ??= new Error(`the server owes answers ${patience / 1000} s after the slice`);
    // Not a timer: those are a millisecond late, which is more than an answer takes.
    await turn();
  }
  for (const cleanup of cleanups) cleanup();
  if (lost !== undefined) throw lost;
  return { latencies: latencies.sort(), failed, sample };
}

/** @param share 0.99 for p99. @param ascending at least one. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  const value = ascending[Math.min(ascending.length - 1, Math.ceil(ascending.length * share) - 1)];
  if (value === undefined) throw new RangeError('expected at least one number; found none');
  return value;
}
