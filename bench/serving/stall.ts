// How long a hundred thousand rows in one request make the others wait.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { patienceMs } from './answers.ts';
import type { Asked, RunningServer } from './server.ts';

/** What the service must be told to take such a request. */
export const manyRowsSettings = { MAX_ROWS: '100000', BODY_LIMIT_BYTES: '33554432' } as const;
export const stallRows = 100_000;

/** @returns the longest wait for the health route while the rows were answered, in ms. @throws Error when one of both is not answered with 200. */
export async function longestWait(server: RunningServer, asked: Asked): Promise<number> {
  let isAnswered = false;
  const answered = ask(server, asked).finally(() => {
    isAnswered = true;
  });
  let longest = 0;
  while (!isAnswered) {
    const started = performance.now();
    await ask(server, { path: '/v2/health/ready', headers: {}, body: Buffer.alloc(0) });
    longest = Math.max(longest, performance.now() - started);
    await sleep(1);
  }
  await answered;
  return longest;
}

function ask({ port }: RunningServer, { path, headers, body }: Asked): Promise<void> {
  const method = body.length === 0 ? 'GET' : 'POST';
  const length = body.length === 0 ? {} : { 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patienceMs);
    const asked = { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length }, signal };
    const sent = request(asked, (response) => {
      response.resume().once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${path}: expected 200; found ${response.statusCode}`));
      });
    });
    sent.once('error', reject).end(body);
  });
}
