import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../emulator/runtimes/free-port.ts';
import { startTraffic, type Traffic } from '../../rehearsal/traffic.ts';

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

test('every endpoint is called as often as the others, and a good one loses nothing', async () => {
  const traffic = startTraffic(
    [
      { stack: 'aws-prod', endpoint: await endpoint(() => 200) },
      { stack: 'gcp-prod', endpoint: await endpoint(() => 200) },
    ],
    '{}',
  );
  await sentBy(traffic, 30);
  const counts = await traffic.stop();
  expect(counts).toMatchObject([
    { stack: 'aws-prod', lost: 0 },
    { stack: 'gcp-prod', lost: 0 },
  ]);
  const [aws, gcp] = counts.map(({ sent }) => sent);
  expect(Math.abs((aws ?? 0) - (gcp ?? 0))).toBeLessThanOrEqual(2);
});

test('an answer other than 200 is lost, is never sent again, and is told in words', async () => {
  const traffic = startTraffic(
    [{ stack: 'aws-prod', endpoint: await endpoint((nth) => (nth === 3 ? 503 : 200)) }],
    '{}',
  );
  await sentBy(traffic, 5);
  const [count] = await traffic.stop();
  expect(count?.lost).toBe(1);
  expect(count?.losses[0]).toContain('answered 503');
});

test('a dead endpoint loses everything that was sent', async () => {
  const traffic = startTraffic([{ stack: 'aws-prod', endpoint: `http://127.0.0.1:${await freePort()}` }], '{}');
  await sentBy(traffic, 3);
  const [count] = await traffic.stop();
  expect(count?.lost).toBe(count?.sent);
});

/** A busy machine starts the client when it can: what it has sent is asked, not guessed from the time. */
async function sentBy(traffic: Traffic, requests: number): Promise<void> {
  await expect.poll(async () => (await traffic.counts())[0]?.sent ?? 0).toBeGreaterThanOrEqual(requests);
}
