// Models that take the place of others in a running service: whatever went wrong once, the next change is served.
import { afterEach, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../../model/errors.ts';
import { createLog } from '../../../serving/log.ts';
import { moved } from '../../../serving/models/labels.ts';
import type { ModelLocation } from '../../../serving/models/locate.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import { linearArtifact } from '../../linear.ts';

let [a, b]: { directory: string; digest: string }[] = [];
beforeAll(async () => {
  [a, b] = [await linearArtifact('line', 1, 0), await linearArtifact('line', 2, 0)];
});
const running: Service[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop({ grace: false });
});

/** @param locate asked each time models are loaded. */
async function start(locate: () => Promise<readonly (ModelLocation | undefined)[]>) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', (line) => lines.push(JSON.parse(line)));
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const found = async () => (await locate()).filter((one) => one !== undefined);
  const service = await startService(readSettings({ PORT: '0', HOST: '127.0.0.1' }), identity, found, log);
  running.push(service);
  return { service, lines, champion: () => service.life.served.labelled('line', 'champion')?.digest };
}
const ask = async ({ port }: Service) => {
  const headers = { 'content-type': 'application/json' };
  await (await fetch(`http://127.0.0.1:${port}/predict`, { method: 'POST', headers, body: '{"x":1}' })).text();
};

it.each([
  ['a fault that nobody foresaw', new Error('EACCES: permission denied'), { stack: expect.stringMatching(/EACCES/) }],
  ['what can’t be believed', new AppError('artifact-damaged', 'expected, found'), { code: 'artifact-damaged' }],
])('%s is logged, rejects nothing, and the next change is served', async (_what, fault, told) => {
  let located: () => Promise<readonly (ModelLocation | undefined)[]> = async () => [a];
  const { service, lines, champion } = await start(() => located());
  await service.started;
  located = async () => {
    throw fault;
  };
  await service.reload();
  expect(lines.at(-1)).toMatchObject({ message: 'models not loaded anew, those before still answer', ...told });
  expect(champion()).toBe(a?.digest);
  located = async () => [b];
  await service.reload();
  expect(champion()).toBe(b?.digest);
});

it('a change while the service starts is served once it has', async () => {
  const { promise: loads, resolve: load } = Promise.withResolvers<void>();
  let now = a;
  const { service, champion } = await start(async () => {
    const read = now;
    await loads;
    return [read];
  });
  now = b;
  const reloaded = service.reload();
  load();
  await reloaded;
  expect([service.life.phase, champion()]).toEqual(['ready', b?.digest]);
});

it('a label that is moved while models load stays where it was moved to, where that is served still', async () => {
  const { promise: loads, resolve: load } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const both = async () => [a, b && { ...b, label: 'challenger' as const }];
  let located = both;
  const { service, champion } = await start(() => located());
  await service.started;
  located = async () => {
    begin();
    await loads;
    return both();
  };
  const reloaded = service.reload();
  await begun;
  const version = b?.digest.slice(7, 19) ?? '';
  service.life.loaded(moved(service.life.served, { model: 'line', label: 'champion', version }));
  load();
  await reloaded;
  expect(champion()).toBe(b?.digest);
  // Without a move in between labels are as they are stated.
  await service.reload();
  expect(champion()).toBe(a?.digest);
});

it('a model that comes back is counted where it was', async () => {
  let now = a;
  const { service } = await start(async () => [now]);
  await service.started;
  for (const next of [a, b, a]) {
    now = next;
    await service.reload();
    await ask(service);
  }
  const text = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const names = series.map((line) => line.replace(/ [^ ]+$/, ''));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(series).toContain(`inference_rows_total{model="line",version="${a?.digest.slice(7, 19)}"} 2`);
});
