// Whether the load generator tells the truth about a server that stalls: most of a stall is missed by whoever waits for answers before asking on.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSocket, requestBytes } from '../../../bench/serving/answers.ts';
import { openLoop, percentile } from '../../../bench/serving/open-loop.ts';

const connections = 8;
const rate = 200;
const milliseconds = 1000;
/** After a quarter of a second it answers nobody until this much of it is over. */
const stallUntilMs = 900;
let began: number | undefined;
const held: ServerResponse[] = [];
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    began ??= performance.now();
    held.push(response);
    const isStalled = performance.now() - began > 250 && performance.now() - began < stallUntilMs;
    if (!isStalled) release();
  });
});
const release = () => {
  for (const response of held.splice(0)) response.setHeader('content-length', 2).end('ok');
};
let port = 0;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('counts every request that came due during a stall, not only those that were under way', async () => {
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(port)));
  const timer = setInterval(() => {
    if (began !== undefined && performance.now() - began >= stallUntilMs) release();
  }, 10);
  const asked = requestBytes(port, { path: '/', headers: {}, body: new Uint8Array(0) });
  const { latencies, failed } = await openLoop(sockets, asked, rate, milliseconds);
  clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  expect([latencies.length, failed]).toEqual([(rate * milliseconds) / 1000, 0]);
  const waited = latencies.filter((latency) => latency > 100).length;
  // A closed loop would see as many as it has connections.
  expect(waited).toBeGreaterThan(4 * connections);
  expect([...latencies]).toEqual([...latencies].sort((a, b) => a - b));
  expect(percentile(latencies, 0.99)).toBeGreaterThan(percentile(latencies, 0.5));
});

it.each([
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [[7], 0.5, 7],
])('of %j the share %d is %d', (values, share, expected) => expect(percentile(values, share)).toBe(expected));
