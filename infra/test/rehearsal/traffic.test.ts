import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { requiredRate, startTraffic } from '../../rehearsal/traffic.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function endpoint(answer: (nth: number) => number): Promise<string> {
  let nth = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(answer(nth++)).end('{}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('every endpoint is called at the required rate and a good one loses nothing', async () => {
  const traffic = startTraffic(
    [
      { stack: 'aws-prod', endpoint: await endpoint(() => 200) },
      { stack: 'gcp-prod', endpoint: await endpoint(() => 200) },
    ],
    '{}',
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const counts = await traffic.stop();
  expect(counts.map((count) => count.stack)).toEqual(['aws-prod', 'gcp-prod']);
  for (const count of counts) {
    expect(count.lost).toBe(0);
    expect(count.sent / count.seconds).toBeGreaterThanOrEqual(requiredRate);
  }
});

test('an answer other than 200 is lost, is never sent again, and is told in words', async () => {
  const traffic = startTraffic(
    [{ stack: 'aws-prod', endpoint: await endpoint((nth) => (nth === 3 ? 503 : 200)) }],
    '{}',
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [count] = await traffic.stop();
  expect(count?.lost).toBe(1);
  expect(count?.losses[0]).toContain('answered 503');
});

test('a dead endpoint loses everything that was sent', async () => {
  const dead = await endpoint(() => 200);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const traffic = startTraffic([{ stack: 'aws-prod', endpoint: dead }], '{}');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [count] = await traffic.stop();
  expect(count?.sent).toBeGreaterThan(0);
  expect(count?.lost).toBe(count?.sent);
});
