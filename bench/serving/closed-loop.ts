// As much as the server takes: each connection has one request under way. For throughput; its latencies would flatter a server that stalls.
import type { Socket } from 'node:net';
import { answerReader, patienceMs } from './answers.ts';

export interface ClosedLoopResult {
  readonly requests: number;
  /** Not answered with 200. */
  readonly failed: number;
  /** Of the last answer: a look that the right thing was measured. */
  readonly sample: string;
}

/**
 * @param milliseconds 0 for one request on each connection. @param told each answer's status. @param patience for the last answers.
 * @throws Error when the server closes a connection, or does not answer.
 */
export async function closedLoop(
  sockets: readonly Socket[],
  request: Uint8Array,
  milliseconds: number,
  told: (status: number) => void = () => {},
  patience = patienceMs,
): Promise<ClosedLoopResult> {
  const end = performance.now() + milliseconds;
  let requests = 0;
  let failed = 0;
  let sample = '';
  const cleanups: (() => void)[] = [];
  const each = sockets.map(
    (socket) =>
      new Promise<void>((resolve, reject) => {
        const read = answerReader((status, last) => {
          requests++;
          if (status !== 200) failed++;
          told(status);
          if (performance.now() < end) return void socket.write(request);
          sample = last;
          resolve();
        });
        const reader = (chunk: Buffer) => {
          try {
            read(chunk);
          } catch (error) {
            reject(error);
          }
        };
        const gone = () => reject(new Error('the server closed a connection'));
        cleanups.push(() => socket.off('data', reader).off('close', gone));
        socket.on('data', reader).on('close', gone);
        socket.write(request);
      }),
  );
  let late: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`the server owes answers ${patience / 1000} s after the slice`));
    late = setTimeout(say, milliseconds + patience);
  });
  try {
    await Promise.race([Promise.all(each), silence]);
  } finally {
    clearTimeout(late);
    for (const cleanup of cleanups) cleanup();
  }
  return { requests, failed, sample };
}
