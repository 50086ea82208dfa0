// A load generator in a process of its own, over bare sockets that stay open, so that it costs little beside the server.
import type { Socket } from 'node:net';
import { openSocket, requestBytes } from './answers.ts';
import { type ClosedLoopResult, closedLoop } from './closed-loop.ts';
import { type OpenLoopResult, openLoop } from './open-loop.ts';

/** What the parent asks for; it is told a result. Messages are serialised as `advanced`. */
export interface Slice {
  readonly port: number;
  readonly connections: number;
  readonly milliseconds: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Requests a second; as many as the server takes where it is absent. */
  readonly rate?: number;
}
export type SliceResult = ClosedLoopResult | OpenLoopResult;

const pools = new Map<string, readonly Socket[]>();

process.on('message', (slice: Slice) => {
  run(slice).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run(slice: Slice): Promise<SliceResult> {
  const { port, milliseconds, rate } = slice;
  const sockets = await socketsTo(slice);
  const request = requestBytes(port, slice);
  return rate === undefined
    ? closedLoop(sockets, request, milliseconds)
    : openLoop(sockets, request, rate, milliseconds);
}

/** Those of the slice before, where the server has not closed them meanwhile: a stock one does after five idle seconds. */
async function socketsTo({ port, connections }: Slice): Promise<readonly Socket[]> {
  const key = `${port}/${connections}`;
  const kept = (pools.get(key) ?? []).filter((socket) => socket.readyState === 'open');
  const missing = Array.from({ length: connections - kept.length }, () => openSocket(port));
  const sockets = [...kept, ...(await Promise.all(missing))];
  pools.set(key, sockets);
  return sockets;
}
