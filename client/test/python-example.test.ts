// The Python program of docs/clients.md when the service is in trouble: it sends again what may be sent again, and no earlier than it was told.
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { blocksOf } from '../../infra/test/document-rules.ts';

const run = promisify(execFile);
const page = await readFile(new URL('../../docs/clients.md', import.meta.url), 'utf8');
/** What `ask` is made of, without the calls under it. */
const [program] =
  blocksOf(page)
    .find(({ language }) => language === 'python')
    ?.text.split('\nprint(') ?? [];

/** Answers each request by the next of these. @returns what `ask` printed, and when each request came, in ms since 1970. */
async function asked(answers: readonly ((response: ServerResponse) => void)[]) {
  const times: number[] = [];
  const server = createServer((_request, response) => {
    answers[times.length]?.(response);
    times.push(Date.now());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const text = String(program).replace('http://localhost:8080', `http://127.0.0.1:${port}`);
  try {
    const { stdout } = await run('python3', ['-c', `${text}\nprint(ask("/predict", {})["answer"])`]);
    return { stdout, times };
  } catch (error) {
    return { stdout: String((error as { readonly stderr: string }).stderr), times };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answer = (response: ServerResponse) => response.end('{"answer":42}');
const half = (response: ServerResponse) => {
  response.writeHead(200, { 'content-length': '100' }).write('{');
  setImmediate(() => response.destroy());
};
const no = (status: number, retryAfter?: () => string) => (response: ServerResponse) =>
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter() }).end();
const hasPython = spawnSync('python3', ['--version']).error === undefined;
if (!hasPython) console.error('NOT RUN: the Python example of docs/clients.md: no python3 here');

// In CI a missing python3 fails; elsewhere it was said aloud.
it
  .runIf(hasPython || process.env.CI === 'true')
  .each<[string, readonly ((response: ServerResponse) => void)[], string, number]>([
    ['broken connections', [(response) => response.destroy(), half, answer], '42\n', 0],
    ['seconds to wait', [no(503, () => '1'), answer], '42\n', 1000],
    // A date has whole seconds.
    ['a date to wait for', [no(429, () => new Date(Date.now() + 2000).toUTCString()), answer], '42\n', 1000],
    ['words instead of a time', [no(503, () => 'soon'), no(503), answer], '42\n', 0],
    ['a time too late', [no(503, () => '600')], 'HTTP Error 503', 0],
    ['what is final', [no(400)], 'HTTP Error 400', 0],
  ])('the Python program meets %s', async (_what, answers, stdout, leastMs) => {
  const found = await asked(answers);
  expect(found.stdout).toContain(stdout);
  expect(found.times).toHaveLength(answers.length);
  expect((found.times.at(-1) ?? 0) - (found.times[0] ?? 0)).toBeGreaterThanOrEqual(leastMs);
});
