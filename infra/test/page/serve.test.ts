import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PageServer, servePage } from '../../page/serve.ts';
import { nowMs, sampleFacts, sampleInput } from './sample-ledger.ts';

let server: PageServer;
beforeAll(async () => {
  const facts = sampleFacts();
  server = await servePage({ facts: async () => facts, input: async (read) => sampleInput(read) }, 0, () => nowMs);
});
afterAll(() => server.close());

/** The path as it is written: `fetch` would tidy it up first. */
function statusOf(path: string, method = 'GET', host?: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    request({ hostname, port, path, method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('a page that is served', () => {
  it.each([
    ['/', 200],
    ['/index.html?from=mail', 200],
    ['/style.css', 200],
    ['/head.json', 200],
    ['/nothing.html', 404],
    ['/../../package.json', 404],
    ['/%2e%2e/package.json', 404],
    ['//', 404],
    ['//[', 404],
    ['http://', 404],
  ])('answers %s with %i, and goes on', async (path, status) => {
    expect(await statusOf(path)).toBe(status);
    expect(await statusOf('/head.json')).toBe(200);
  });

  it('acts on nothing, and is for this machine', async () => {
    expect(await statusOf('/', 'POST')).toBe(405);
    expect(await statusOf('/', 'GET', 'evil.example.org')).toBe(421);
  });
});
