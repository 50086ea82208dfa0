import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

const key = 'a-key-of-an-admin';
let guarded: Service;
let open: Service;
const lines: string[] = [];
let champion: string;
let challenger: string;

beforeAll(async () => {
  const models = [
    await linearArtifact('line', 0.5, 2),
    { ...(await linearArtifact('line', 0.25, 3)), label: 'challenger' as const },
  ];
  [champion, challenger] = models.map(({ digest }) => digest.slice(7, 19)) as [string, string];
  const start = async (environment: Record<string, string>) => {
    const settings = readSettings({ PORT: '0', HOST: '127.0.0.1', ...environment });
    const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
    const service = await startService(
      settings,
      identity,
      async () => models,
      createLog('info', (line) => lines.push(line)),
    );
    await service.started;
    return service;
  };
  guarded = await start({ ADMIN_KEYS: `ops:${createHash('sha256').update(key).digest('hex')}` });
  open = await start({});
});
afterAll(() => Promise.all([guarded, open].map((service) => service.stop({ grace: false }))));

async function put({ port }: Service, path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`http://127.0.0.1:${port}/admin/models/${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

async function versionAt(path: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${guarded.port}${path}`, { method: 'POST', headers, body: '{"x":1}' });
  return ((await answer.json()) as { model: { version: string } }).model.version;
}

const asAdmin = { authorization: `Bearer ${key}` };

describe('moving a label', () => {
  it('needs a key of an admin, and is never allowed where there are none', async () => {
    const body = { version: challenger };
    expect((await put(guarded, 'line/labels/champion', body)).status).toBe(401);
    expect(await put(open, 'line/labels/champion', body)).toMatchObject({
      status: 403,
      body: { code: 'forbidden', error: expect.stringContaining('ADMIN_KEYS') },
    });
    expect(await versionAt('/predict')).toBe(champion);
  });

  it('makes another version answer at once, on the quick way too, and is logged', async () => {
    expect(await put(guarded, 'line/labels/stable', { version: challenger }, asAdmin)).toEqual({
      status: 200,
      body: { model: 'line', labels: { champion: challenger, challenger } },
    });
    expect(await versionAt('/predict')).toBe(challenger);
    expect(await versionAt('/predict/line/labels/champion')).toBe(challenger);
    expect(await versionAt(`/predict/line/versions/${champion}`)).toBe(champion);
    await put(guarded, 'line/labels/canary', { version: champion }, asAdmin);
    expect(await versionAt('/predict/line/labels/challenger')).toBe(champion);
    await put(guarded, 'line/labels/champion', { version: champion }, asAdmin);
    expect(await versionAt('/predict')).toBe(champion);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ message: 'label moved', model: 'line', label: 'champion', version: challenger }),
    );
  });

  it.each([
    ['line/labels/champion', { version: '000000000000' }, 404, /a version of line that is served/],
    ['gin/labels/champion', { version: '1' }, 404, /a model of this service/],
    ['line/labels/best', { version: '1' }, 400, /a label, one of champion, challenger/],
    ['line/labels/champion', { version: 1 }, 400, /"version"/],
    ['line/labels/champion', [], 400, /"version"/],
  ])('to %s with %o is refused', async (path, body, status, message) => {
    const answer = await put(guarded, path, body, asAdmin);
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(message) } });
  });
});
