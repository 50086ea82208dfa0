// A load generator in a process of its own: keeps each connection at one request under way, over bare sockets, so that it costs little beside the server.
import { connect, type Socket } from 'node:net';

/** What the parent asks for, and what it is told. */
export interface Slice {
  readonly port: number;
  readonly connections: number;
  readonly milliseconds: number;
  readonly body: string;
}
export interface SliceResult {
  readonly requests: number;
  /** Of the last answer: a look that the right thing was measured. */
  readonly sample: string;
  readonly failed: number;
}

const pools = new Map<string, Promise<readonly Socket[]>>();

process.on('message', (slice: Slice) => {
  run(slice).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run({ port, connections, milliseconds, body }: Slice): Promise<SliceResult> {
  const key = `${port}/${connections}`;
  const opened = pools.get(key) ?? Promise.all(Array.from({ length: connections }, () => open(port)));
  pools.set(key, opened);
  const sockets = await opened;
  const head = `POST /predict HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const request = Buffer.from(head + body);
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
            if (performance.now() < end) return void socket.write(request);
            sample = last;
            socket.off('data', reader).off('close', gone);
            resolve();
          });
          const gone = () => reject(new Error(`the server on ${port} closed a connection`));
          socket.on('data', reader).on('close', gone);
          socket.write(request);
        }),
    ),
  );
  return { requests, failed, sample };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Calls back for each whole answer. Reads only what it must: the status, and how long the body is. */
function answerReader(answered: (status: number, start: string) => void): (chunk: Buffer) => void {
  let missing = 0;
  let status = 0;
  let start = '';
  let rest: Buffer | undefined;
  return (given) => {
    let chunk = rest === undefined ? given : Buffer.concat([rest, given]);
    rest = undefined;
    if (missing === 0) {
      const headEnd = chunk.indexOf('\r\n\r\n');
      if (headEnd < 0) {
        rest = chunk;
        return;
      }
      const head = chunk.toString('latin1', 0, headEnd);
      status = Number(head.slice(9, 12));
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`expected an answer with content-length, found ${head}`);
      start = chunk.toString('latin1', headEnd + 4, headEnd + 204);
      missing = Number(length);
      chunk = chunk.subarray(headEnd + 4);
    }
    missing -= chunk.length;
    if (missing === 0) answered(status, start);
  };
}
