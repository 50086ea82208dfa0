// When a refused client is told to come back, whichever way its request took.
import { createServer, type Server } from 'node:http';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError, type AppErrorCode } from '../../../model/errors.ts';
import { failureHandler } from '../../../serving/http/failure.ts';
import { listen } from '../../../serving/http/server.ts';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

const silent = createLog('error', () => {});
let server: Server;
let port: number;
let service: Service;
/** What the route says no with, and what it had told before. */
let refusal: { code: AppErrorCode; told?: string };

beforeAll(async () => {
  const app = express();
  app.get('/', (_request, response) => {
    if (refusal.told !== undefined) response.set('retry-after', refusal.told);
    throw new AppError(refusal.code, 'expected, found');
  });
  app.use(failureHandler(silent, 1000));
  server = createServer(app);
  port = await listen(server, '127.0.0.1', 0);

  const line = await linearArtifact('line', 0.5, 2);
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  service = await startService(readSettings({ PORT: '0', HOST: '127.0.0.1' }), identity, async () => [line], silent);
  await service.started;
});
afterAll(async () => {
  server.close();
  await service.stop({ grace: false });
});

it.each([
  [{ code: 'overloaded' }, 503, '1'],
  [{ code: 'overloaded', told: '7' }, 503, '7'],
  [{ code: 'not-ready' }, 503, '1'],
  [{ code: 'rate-limited', told: '30' }, 429, '30'],
  [{ code: 'deadline-exceeded' }, 503, null],
  [{ code: 'input-invalid' }, 400, null],
] as const)('%o is %i, Retry-After %s', async (given, status, retryAfter) => {
  refusal = given;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  await answer.text();
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
});

const rows = Array.from({ length: 300 }, (_, x) => ({ x: x % 10 }));
const long = JSON.stringify(rows).replaceAll('{', `{${' '.repeat(250)}`);

it.each([
  ['the quick way, many rows', '/predict', JSON.stringify(rows)],
  ['the quick way in steps', '/predict', long],
  ['by name', '/predict/line', JSON.stringify(rows)],
  ['TensorFlow Serving', '/v1/models/line:predict', JSON.stringify({ instances: rows })],
  [
    'Open Inference',
    '/v2/models/line/infer',
    JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP64', shape: [300], data: rows.map(({ x }) => x) }] }),
  ],
])('a full queue is told with Retry-After: %s', async (_way, path, body) => {
  for (const { blocks } of service.life.models)
    blocks.batcher.submit = () => Promise.reject(new AppError('overloaded', 'expected room, found none'));
  const answer = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
    503,
    '1',
    { code: 'overloaded' },
  ]);
});
