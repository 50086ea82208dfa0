// The client in a real browser, on a page of another origin than the service's, with a cloud that is down and one that hangs.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runService, settled } from '../../app/test/serving/process.ts';
import { imageWith, wineArtifact } from '../../app/test/wine.ts';
import { startChromium } from '../../infra/test/page/chromium.ts';
import { Cloud } from './cloud.ts';
import { near } from './near.ts';

const sources = new URL('../src/', import.meta.url);
let pages: Server;
let origin: string;

beforeAll(async () => {
  // The sources as a bundler would hand them on: types stripped, nothing else.
  pages = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (!/^(\/[\w-]+)+\.ts$/.test(path)) return void response.writeHead(200, { 'content-type': 'text/html' }).end();
    const text = await readFile(new URL(`.${path}`, sources), 'utf8');
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(stripTypeScriptTypes(text));
  });
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
});
afterAll(() => {
  pages.closeAllConnections();
  pages.close();
});

describe('the client on a page', () => {
  it('predicts, infers with typed arrays and reads a refusal, though two of three clouds are gone', async () => {
    const wine = await wineArtifact();
    const [{ input, output }] = JSON.parse(String(wine.contents['golden.json'])).cases;
    const { cwd } = await imageWith(wine.directory);
    const service = await runService(cwd, { CORS_ORIGINS: origin });
    await settled(service);
    const [down, hanging] = [await Cloud.start(), await Cloud.start()];
    await down.goesWrong('refuses connections');
    await hanging.goesWrong('accepts and never answers');
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      await page.goto(origin);
      const endpoints = [down.url, hanging.url, service.url];
      const script = `(async ({ endpoints, input }) => {
        const { createClient } = await import('/client.ts');
        const client = createClient({ endpoints, tryTimeoutMs: 1000 });
        const { prediction } = await client.predict(input);
        const inputs = Object.entries(input).map(([name, x]) => ({ name, data: Float64Array.of(x, x) }));
        const { outputs } = await client.infer('wine', { inputs, outputs: ['confidence'] });
        const refused = await client.predict({}).catch(({ kind, code, requestId }) => ({ kind, code, requestId }));
        return { prediction, bytes: outputs[0].data instanceof Float32Array, shape: outputs[0].shape, refused };
      })(${JSON.stringify({ endpoints, input })})`;
      expect(await page.evaluate(script)).toEqual({
        prediction: { predictionId: expect.any(String), ...near(output) },
        bytes: true,
        shape: [2, 1],
        refused: { kind: 'refused', code: 'input-invalid', requestId: expect.stringMatching(/^[0-9a-f]{32}$/) },
      });
    } finally {
      await browser.close();
      await Promise.all([down.stop(), hanging.stop()]);
    }
  });
});
