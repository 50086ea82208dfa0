// The service's description of itself: the OpenAPI document against what the service does, and the page over it.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../serving/log.ts';
import { type Service, startService } from '../../serving/service.ts';
import { readSettings } from '../../serving/settings/settings.ts';
import { wineArtifact } from '../wine.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { content: { 'application/json': { example: object } } };
}
interface Api {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly properties: Record<string, object> }> };
}

let service: Service;
let url: string;
let wine: Awaited<ReturnType<typeof wineArtifact>>;
let api: Api;

beforeAll(async () => {
  wine = await wineArtifact();
  const settings = readSettings({ PORT: '0', HOST: '127.0.0.1' });
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const log = createLog('error', () => {});
  service = await startService(settings, identity, async () => [wine], log);
  await service.started;
  url = `http://127.0.0.1:${service.port}`;
  api = (await (await fetch(`${url}/openapi.json`)).json()) as Api;
});
afterAll(() => service.stop({ grace: false }));

describe('/openapi.json', () => {
  it("describes the model's own fields", () => {
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.components.schemas['wine.Record']?.properties ?? {})).toEqual(
      wine.model.inputs.map(({ name }) => name),
    );
    expect(Object.keys(api.components.schemas['wine.Row']?.properties ?? {})).toEqual([
      'predictionId',
      'label',
      'confidence',
      'p_1',
      'p_2',
      'p_3',
    ]);
  });

  it('refers to nothing it lacks, and calls no two operations the same', () => {
    const references = JSON.stringify(api).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name = ''] of references) expect(Object.keys(api.components.schemas)).toContain(name);
    const ids = Object.values(api.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names only routes that answer, and its examples work as they stand', async () => {
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, { requestBody }] of Object.entries(methods)) {
        const body = JSON.stringify(requestBody?.content['application/json'].example);
        const init = requestBody ? { body, headers: { 'content-type': 'application/json' } } : {};
        const { status } = await fetch(`${url}${path}`, { method: method.toUpperCase(), ...init });
        expect(`${method} ${path}: ${status}`).toBe(`${method} ${path}: 200`);
      }
    }
  });
});

describe('/docs', () => {
  it('is one page that needs nothing from elsewhere, and whose policy allows its own script and style', async () => {
    const response = await fetch(`${url}/docs`);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(html).not.toMatch(/https?:|src=|@import|innerHTML/);
    for (const tag of ['style', 'script']) {
      const [, inner = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html) ?? [];
      const hash = createHash('sha256').update(inner).digest('base64');
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(policy).toMatch(/^default-src 'none'/);
  });
});
