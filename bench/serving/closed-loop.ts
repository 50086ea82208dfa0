// As much as the server takes: each connection has one request under way. For throughput; its latencies would flatter a server that stalls.
import type { Socket } from 'node:net';
import { answerReader } from './answers.ts';

export interface ClosedLoopResult {
  readonly requests: number;
  /** Not answered with 200. */
  readonly failed: number;
  /** Of the last answer: a look that the right thing was measured. */
  readonly sample: string;
}

/** @param milliseconds 0 for one request on each connection. @param told each answer's status. */
export async function closedLoop(
  sockets: readonly Socket[],
  request: Uint8Array,
  milliseconds: number,
  told: (status: number) => void = () => {},
): Promise<ClosedLoopResult> {
  const end = performance.now() + milliseconds;
  let requests = 0;
  let failed = 0;
  let sample = '';
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          const reader = answerReader((status, last) => {
            requests++;
            if (status !== 200) failed++;
            told(status);
            if (performance.now() < end) return void socket.write(request);
            sample = last;
            socket.off('data', reader).off('close', gone);
            resolve();
          });
          const gone = () => reject(new Error('the server closed a connection'));
          socket.on('data', reader).on('close', gone);
          socket.write(request);
        }),
    ),
  );
  return { requests, failed, sample };
}
