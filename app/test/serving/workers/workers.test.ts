import { createHash } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MetricsSum } from '../../../serving/workers/metrics.ts';
import { processCount, recentRestarts } from '../../../serving/workers/policy.ts';
import { linearArtifact } from '../../linear.ts';
import { buildDocument, imageWith, wineArtifact } from '../../wine.ts';
import { endGrace, runWithHeldGrace } from '../held-grace.ts';
import { type RunningService, runService, settled } from '../process.ts';

describe('the policy for processes', () => {
  it('counts them', () => {
    expect(processCount(3)).toBe(3);
    expect(processCount('auto')).toBeGreaterThanOrEqual(1);
  });

  it.each([
    [[], 0, []],
    [[0, 1, 2, 3], 10, [0, 1, 2, 3]],
    [[0, 1, 2, 3, 4], 10, undefined],
    [[0, 1, 2, 3, 4], 60_002, [3, 4]],
  ])('replaced at %j and again at %i: %j still count', (restarts, now, recent) => {
    expect(recentRestarts(restarts, now)).toEqual(recent);
  });
});

describe('the sum of metrics', () => {
  const counted = (value: number) => ({
    name: 'a_total',
    help: 'h',
    type: 'counter',
    aggregator: 'sum',
    values: [{ labels: {}, value }],
  });
  const level = (value: number) => ({ ...counted(value), name: 'b', type: 'gauge' });

  it('keeps what ended processes had counted, not their levels', async () => {
    const sum = new MetricsSum();
    const values = async (restarts: number) =>
      Object.fromEntries(
        [...(await sum.text(restarts)).matchAll(/^(\w+) (\d+)$/gm)].map(([, name, value]) => [name, value]),
      );
    sum.heard(1, [counted(3), level(5)]);
    sum.heard(2, [counted(4), level(6)]);
    expect(await values(0)).toEqual({ a_total: '7', b: '11', worker_processes: '2', worker_restarts_total: '0' });
    await sum.ended(1);
    sum.heard(3, [counted(1), level(7)]);
    expect(await values(1)).toEqual({ a_total: '8', b: '13', worker_processes: '2', worker_restarts_total: '1' });
  });
});

describe('two processes behind one port', () => {
  let cwd: string;
  let body: string;
  beforeAll(async () => {
    const wine = await wineArtifact();
    cwd = (await imageWith(wine.directory)).cwd;
    body = JSON.stringify(JSON.parse(String(wine.contents['golden.json'])).cases[0].input);
  });

  const messages = ({ lines }: RunningService) => lines.map(({ message }) => message);
  const pids = ({ lines }: RunningService) =>
    lines.filter(({ message }) => message === 'worker started').map(({ pid }) => Number(pid));
  /** Over a connection of its own, so that the processes take turns. @returns the status, 0 when the connection was cut. */
  const predict = ({ url }: RunningService) =>
    fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body,
    }).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => 0,
    );
  const rowsIn = async ({ url }: RunningService) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^inference_rows_total\{.*\} (\d+)$/m.exec(text)?.[1]);
  };
  async function many(service: RunningService, count: number): Promise<number[]> {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) statuses.push(await predict(service));
    return statuses;
  }

  it('share requests and metrics, replace one that is killed while the other answers, and drain on SIGTERM', async () => {
    const service = await runWithHeldGrace(cwd, { WORKERS: '2' });
    expect((await settled(service)).status).toBe(200);
    const [first = 0] = pids(service);
    expect(pids(service)).toHaveLength(2);
    expect(await many(service, 10)).toEqual(Array(10).fill(200));
    expect(await rowsIn(service)).toBe(10);

    process.kill(first, 'SIGKILL');
    await expect.poll(() => messages(service)).toContain('worker ended');
    const during: number[] = [];
    // Until the new process is ready, and a little longer: it takes its turn only when it can answer.
    while (service.lines.filter(({ message }) => message === 'ready').length < 3)
      during.push(...(await many(service, 5)));
    during.push(...(await many(service, 10)));
    expect(during).toEqual(during.map(() => 200));
    expect(await rowsIn(service)).toBe(10 + during.length);
    expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(/^worker_restarts_total 1$/m);

    service.process.kill('SIGTERM');
    const draining = () => messages(service).filter((message) => message === 'draining');
    await expect.poll(draining).toHaveLength(2);
    expect(await many(service, 4)).toEqual([200, 200, 200, 200]);
    endGrace(pids(service).filter((pid) => pid !== first));
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.lines.filter(({ message }) => message === 'stopped')).toHaveLength(2);
  });

  it('move a label together, and one that takes the place of another has it moved', async () => {
    const [one, two] = [await linearArtifact('line', 1, 0), await linearArtifact('line', 2, 0)];
    const image = await imageWith(one.directory, 'line');
    await cp(two.directory, path.join(image.models, 'line@2'), { recursive: true });
    const models = [
      { name: 'line', digest: one.digest, folder: 'line' },
      { name: 'line', digest: two.digest, folder: 'line@2', label: 'challenger' },
    ];
    await writeFile(path.join(image.cwd, 'build.json'), buildDocument(models));
    const digest = createHash('sha256').update('key').digest('hex');
    const service = await runService(image.cwd, { WORKERS: '2', ADMIN_KEYS: `ops:${digest}` });
    expect((await settled(service)).status).toBe(200);
    const champion = async () => {
      const headers = { connection: 'close' };
      const { models } = (await (await fetch(`${service.url}/version`, { headers })).json()) as {
        models: { digest: string }[];
      };
      return models[0]?.digest;
    };
    /** Of as many connections in turn as reach every process. */
    const champions = async () => [
      ...new Set([await champion(), await champion(), await champion(), await champion()]),
    ];
    expect(await champions()).toEqual([one.digest]);
    /** Over a connection of its own: the processes take turns. @returns the status. */
    const move = async (version: string) => {
      const answer = await fetch(`${service.url}/admin/models/line/labels/champion`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-api-key': 'key', connection: 'close' },
        body: JSON.stringify({ version: version.slice(7, 19) }),
      });
      await answer.text();
      return answer.status;
    };
    // Whoever asks two processes for two things at once, they agree as soon as both have answered.
    for (let round = 0; round < 12; round++) {
      const digests = round % 2 === 0 ? [one.digest, two.digest] : [two.digest, one.digest];
      expect(await Promise.all(digests.map(move))).toEqual([200, 200]);
      expect(await champions()).toHaveLength(1);
    }
    expect(await move(two.digest)).toBe(200);
    expect(await champions()).toEqual([two.digest]);
    expect(messages(service).filter((message) => message === 'label moved')).toHaveLength(2 * 25);
    const [first = 0] = pids(service);
    process.kill(first, 'SIGKILL');
    await expect.poll(() => messages(service).filter((message) => message === 'ready')).toHaveLength(3);
    expect(await champions()).toEqual([two.digest]);
    expect(await champions()).toEqual([two.digest]);
  });

  it('end with 1 when they cannot start', async () => {
    const service = await runService(cwd);
    const second = runService(cwd, { WORKERS: '2', PORT: new URL(service.url).port });
    await expect(second).rejects.toThrow('ended with 1');
  });
});
