// A load generator beside a server that breaks off, says too much or nothing: it ends, and says why.
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerReader, openSocket, requestBytes } from '../../../bench/serving/answers.ts';
import { closedLoop } from '../../../bench/serving/closed-loop.ts';
import { openLoop } from '../../../bench/serving/open-loop.ts';

describe('what is read of answers', () => {
  const answer = (body: string, length = body.length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`;

  it.each([1, 7, 1000])('is whole however it is cut, %d bytes at a time', (size) => {
    const found: unknown[] = [];
    const read = answerReader((...one) => found.push(one));
    const bytes = Buffer.from(`${answer('one')}`);
    for (const _ of [1, 2]) for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    expect(found).toHaveLength(2);
    expect(found[0]).toEqual([200, size < 7 ? expect.any(String) : expect.stringMatching(/^one/)]);
  });

  it.each([
    ['more than it said', answer('four', 3), '1 bytes more than content-length'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nfour', 'with content-length'],
  ])('is a fault with %s', (_, text, said) => {
    expect(() => answerReader(() => {})(Buffer.from(text))).toThrow(said);
  });
});

describe('a load generator', () => {
  let server: Server | undefined;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server?.close();
  });
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n';
  /** Two connections to a server that does this with whatever comes. */
  async function beside(does: (socket: Socket) => void) {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', () => does(socket));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const opened = [await openSocket(port), await openSocket(port)];
    sockets.push(...opened);
    return { opened, asked: requestBytes(port, { path: '/', headers: {}, body: new Uint8Array(0) }) };
  }

  const broken = [
    ['says nothing', () => {}, 'owes answers 0.05 s after the slice', 50],
    ['breaks off', (socket: Socket) => socket.destroy(), 'the server closed a connection', undefined],
    ['says too much', (socket: Socket) => socket.write(`${head}ab`), '1 bytes more', undefined],
  ] as const;

  it.each(broken)('ends beside a server that %s', async (_, does, said, patience) => {
    const { opened, asked } = await beside(does);
    await expect(closedLoop(opened, asked, 0, () => {}, patience)).rejects.toThrow(said);
  });

  it.each(broken)('at a fixed rate too, beside one that %s', async (_, does, said, patience) => {
    const { opened, asked } = await beside(does);
    await expect(openLoop(opened, asked, 1000, 10, patience)).rejects.toThrow(said);
  });
});
