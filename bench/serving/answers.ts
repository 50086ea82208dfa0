// Reads HTTP answers off a bare socket, and only what it must: the status, and where the body ends.
import { connect, type Socket } from 'node:net';

/** How long a server may say nothing when it should answer: longer is no measurement. */
export const patienceMs = 30_000;

/** The bytes of a request to a server on this machine. */
export function requestBytes(
  port: number,
  { path, headers, body }: { path: string; headers: Readonly<Record<string, string>>; body: Uint8Array },
): Buffer {
  const all = { host: `127.0.0.1:${port}`, ...headers, 'content-length': String(body.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}

export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** @param answered called for each whole answer, with how its body begins. @returns what takes the socket's data. @throws Error there for what is no answer to one request. */
export function answerReader(answered: (status: number, start: string) => void): (chunk: Buffer) => void {
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
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`expected an answer with content-length, found ${head}`);
      start = chunk.toString('latin1', headEnd + 4, headEnd + 204);
      missing = Number(length);
      chunk = chunk.subarray(headEnd + 4);
    }
    missing -= chunk.length;
    if (missing < 0) throw new Error(`expected one answer; found ${-missing} bytes more than content-length says`);
    if (missing === 0) answered(status, start);
  };
}
