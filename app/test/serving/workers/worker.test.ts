// One process of several, with a primary played by the test: whatever order labels are moved in, it obeys that order and no other.
import { createHash } from 'node:crypto';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { type LabelMove, labelMove } from '../../../serving/models/labels.ts';
import { type Service, startService } from '../../../serving/service.ts';
import { readSettings } from '../../../serving/settings/settings.ts';
import type { ToPrimary, ToWorker } from '../../../serving/workers/messages.ts';
import { serveAsWorker } from '../../../serving/workers/worker.ts';
import { linearArtifact } from '../../linear.ts';

let models: Awaited<ReturnType<typeof linearArtifact>>[];
let versions: [string, string];
beforeAll(async () => {
  models = [await linearArtifact('line', 1, 0), await linearArtifact('line', 2, 0)];
  versions = models.map(({ digest }) => digest.slice(7, 19)) as [string, string];
});

const running: { tell(message: ToWorker): void; ended: Promise<void> }[] = [];
afterEach(async () => {
  for (const { tell, ended } of running.splice(0)) {
    tell({ trireme: 'stop', grace: false });
    await ended;
  }
});

async function worker({ loads = Promise.resolve() }: { loads?: Promise<void> } = {}) {
  const said: ToPrimary[] = [];
  const lines: { message: string }[] = [];
  const log = createLog('info', (line) => lines.push(JSON.parse(line)));
  const settings = readSettings({
    PORT: '0',
    HOST: '127.0.0.1',
    ADMIN_KEYS: `ops:${createHash('sha256').update('key').digest('hex')}`,
  });
  const { promise: heard, resolve: listening } = Promise.withResolvers<(message: ToWorker) => void>();
  const { promise, resolve } = Promise.withResolvers<Service>();
  const locate = async () => {
    await loads;
    return models.map((one, index) => ({
      ...one,
      label: index === 0 ? ('champion' as const) : ('challenger' as const),
    }));
  };
  const identity = { buildId: 'bld-1', releaseId: null, imageDigest: null };
  const ended = serveAsWorker(
    async (options) => {
      const service = await startService(settings, identity, locate, log, options);
      resolve(service);
      return service;
    },
    () => {},
    log,
    { send: (message) => said.push(message), listen: listening },
  );
  const tell = await heard;
  tell({ trireme: 'begin', isReplacement: false, isFirst: false });
  const service = await promise;
  running.push({ tell, ended });
  const saying = async <W extends ToPrimary['trireme']>(word: W) => {
    const is = (one: ToPrimary): one is Extract<ToPrimary, { trireme: W }> => one.trireme === word;
    await expect.poll(() => said.some(is), { timeout: 10_000 }).toBe(true);
    return said.filter(is);
  };
  const champion = () => service.life.served.labelled('line', 'champion')?.version;
  const put = (version: string) =>
    fetch(`http://127.0.0.1:${service.port}/admin/models/line/labels/champion`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-api-key': 'key' },
      body: JSON.stringify({ version }),
    }).then(async (answer) => ({ status: answer.status, body: await answer.json() }));
  return { service, tell, saying, champion, put, said, lines };
}
const to = (version: string): LabelMove => labelMove('line', 'champion', version);

it('moves a label when the primary says so, not before, and answers when every process has', async () => {
  const { tell, saying, champion, put, said } = await worker();
  await saying('loaded');
  tell({ trireme: 'ready' });
  let isAnswered = false;
  const answer = put(versions[1]).finally(() => {
    isAnswered = true;
  });
  const [asked] = await saying('move');
  expect([asked?.move, champion()]).toEqual([to(versions[1]), versions[0]]);
  // Somebody else's move came first at the primary, and this one second.
  tell({ trireme: 'move', id: 7, move: to(versions[0]) });
  tell({ trireme: 'move', id: 8, move: to(versions[1]) });
  expect(said.slice(-2)).toEqual([7, 8].map((id) => ({ trireme: 'moved', id, isMoved: true })));
  expect([champion(), isAnswered]).toEqual([versions[1], false]);
  tell({ trireme: 'move-ended', id: asked?.id ?? 0, missing: 0 });
  expect(await answer).toMatchObject({ status: 200, body: { labels: { champion: versions[1] } } });
});

it('says so when other processes did not move it, and asks nobody for what it does not serve', async () => {
  const { tell, saying, put, said } = await worker();
  await saying('loaded');
  tell({ trireme: 'ready' });
  expect(await put('000000000000')).toMatchObject({ status: 404, body: { code: 'model-unknown' } });
  expect(said.filter(({ trireme }) => trireme === 'move')).toEqual([]);
  const answer = put(versions[1]);
  const [asked] = await saying('move');
  tell({ trireme: 'move-ended', id: asked?.id ?? 0, missing: 2 });
  expect(await answer).toMatchObject({
    status: 503,
    body: { code: 'deadline-exceeded', error: expect.stringMatching(/found 2 that/) },
  });
});

it('survives a move before it has models, and becomes ready after one to a version that it does not serve', async () => {
  const { promise: loads, resolve: load } = Promise.withResolvers<void>();
  const { service, tell, saying, champion, said, lines } = await worker({ loads });
  tell({ trireme: 'move', id: 1, move: to(versions[1]) });
  expect(said.at(-1)).toEqual({ trireme: 'moved', id: 1, isMoved: false });
  load();
  await saying('loaded');
  tell({ trireme: 'move', id: 2, move: to('000000000000') });
  expect(said.at(-1)).toEqual({ trireme: 'moved', id: 2, isMoved: false });
  expect(lines.at(-1)).toMatchObject({ message: 'label not moved', version: '000000000000' });
  tell({ trireme: 'move', id: 1, move: to(versions[1]) });
  tell({ trireme: 'ready' });
  await service.started;
  expect([service.life.phase, champion()]).toEqual(['ready', versions[1]]);
});

it('tells the primary when it has loaded other models', async () => {
  const { service, tell, saying, said } = await worker();
  await saying('loaded');
  tell({ trireme: 'ready' });
  await service.started;
  expect(said.some(({ trireme }) => trireme === 'reloaded')).toBe(false);
  await service.reload();
  await saying('reloaded');
});
