import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactFiles, sumsFile, writeArtifact } from '../../model/artifact.ts';
import { linearArtifact } from '../linear.ts';
import { buildDocument, imageWith, root, temporaryFolder, wineArtifact } from '../wine.ts';
import { runService, settled } from './process.ts';

const run = promisify(execFile);
const entry = path.join(root, 'app/serving/main.ts');

describe('starting the service', () => {
  let wine: Awaited<ReturnType<typeof wineArtifact>>;
  beforeAll(async () => {
    wine = await wineArtifact();
  });

  it('becomes ready with what the image holds, and says who it is', async () => {
    const { cwd } = await imageWith(wine.directory);
    await writeFile(
      path.join(cwd, 'build.json'),
      buildDocument([{ name: 'wine', digest: wine.digest, folder: 'wine' }]),
    );
    const service = await runService(cwd, { RELEASE_ID: 'rel-3-abc', IMAGE_DIGEST: 'sha256:1' });
    expect(await settled(service)).toEqual({ status: 200, body: { live: true, ready: true } });
    expect(await (await fetch(`${service.url}/version`)).json()).toMatchObject({
      buildId: 'bld-0123456789ab',
      releaseId: 'rel-3-abc',
      imageDigest: 'sha256:1',
      models: [{ name: 'wine', digest: wine.digest, labels: ['champion'] }],
    });
  });

  it.each([...artifactFiles, sumsFile])(
    'never becomes ready, and names the file, when one byte of %s was changed',
    async (file) => {
      const { cwd, model } = await imageWith(wine.directory);
      const bytes = await readFile(path.join(model, file));
      bytes[70] = (bytes[70] ?? 0) ^ 1;
      await writeFile(path.join(model, file), bytes);
      const service = await runService(cwd);
      expect(await settled(service)).toEqual({
        status: 503,
        body: { live: true, ready: false, reason: expect.stringContaining(file) },
      });
      const { status } = await fetch(`${service.url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect(status).toBe(503);
    },
  );

  it.each([
    ['half an artifact', async (model: string) => rm(path.join(model, 'weights.bin')), /weights\.bin/],
    ['no model at all', async (model: string) => rm(model, { recursive: true }), /at least one model/],
  ])('never becomes ready with %s', async (_name, change, reason) => {
    const { cwd, model } = await imageWith(wine.directory);
    await change(model);
    const service = await runService(cwd);
    expect((await settled(service)).body.reason).toMatch(reason);
  });

  it('does not take the unfinished folder of a killed writer for a model', async () => {
    const { cwd, models } = await imageWith(wine.directory);
    await mkdir(path.join(models, '.0123456789ab.partial'));
    expect((await settled(await runService(cwd))).status).toBe(200);
  });

  it('serves what its build names and nothing else, and says which folder it left alone', async () => {
    const { cwd, models } = await imageWith(wine.directory);
    const planted = await linearArtifact('planted', 1, 0);
    await cp(planted.directory, path.join(models, 'planted'), { recursive: true });
    await writeFile(
      path.join(cwd, 'build.json'),
      buildDocument([{ name: 'wine', digest: wine.digest, folder: 'wine' }]),
    );
    const service = await runService(cwd);
    expect((await settled(service)).status).toBe(200);
    expect((await (await fetch(`${service.url}/v1/models`)).json()) as object).toEqual({ models: ['wine'] });
    expect((await fetch(`${service.url}/v2/models/planted`)).status).toBe(404);
    expect(service.lines).toContainEqual(expect.objectContaining({ severity: 'WARNING', folders: ['planted'] }));
  });

  it.each([
    [
      'another model in the place of the one it names',
      { name: 'wine', digest: `sha256:${'0'.repeat(64)}`, folder: 'wine' },
      /wine: .*expected sha256:0000.*it is another model/,
    ],
    [
      'the model it names under another name',
      { name: 'beer', folder: 'wine' },
      /expected the model beer, found "wine"/,
    ],
    ['nothing where it names a model', { name: 'wine', folder: 'gone' }, /gone: .*found none called/],
  ])('never becomes ready with %s', async (_what, model, reason) => {
    const { cwd } = await imageWith(wine.directory);
    await writeFile(path.join(cwd, 'build.json'), buildDocument([{ digest: wine.digest, ...model }]));
    expect((await settled(await runService(cwd))).body.reason).toMatch(reason);
  });

  it('does not start with a build that names no models, or a folder elsewhere', async () => {
    const { cwd } = await imageWith(wine.directory);
    const outside = { name: 'wine', digest: wine.digest, folder: '../models/wine' };
    for (const [models, message] of [
      [[], /models: expected at least one/],
      [[outside], /models\[0\]\.folder: expected the name of a folder/],
    ] as const) {
      await writeFile(path.join(cwd, 'build.json'), buildDocument(models));
      const ended = await run(process.execPath, [entry], { cwd, env: { PORT: '0' } }).catch((error: unknown) => error);
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    }
  });

  it('never becomes ready when the engine computes something else than training did', async () => {
    const golden = JSON.parse(String(wine.contents['golden.json']));
    golden.cases[3].output.confidence += 0.001;
    const store = await temporaryFolder();
    const { directory } = await writeArtifact(store, { ...wine.contents, 'golden.json': JSON.stringify(golden) }, {});
    const { cwd } = await imageWith(directory);
    expect((await settled(await runService(cwd))).body.reason).toMatch(/golden case 3, `confidence`/);
  });

  it('stays live but never ready without a setting the model declares, and ready with it', async () => {
    const needy = await wineArtifact({ settings: [{ name: 'PRICE_LIST', why: 'prices follow the market' }] });
    const { cwd } = await imageWith(needy.directory);
    const service = await runService(cwd);
    const { status, body } = await settled(service);
    expect({ status, body }).toEqual({
      status: 503,
      body: { live: true, ready: false, reason: expect.stringMatching(/PRICE_LIST \(prices follow the market\)/) },
    });
    expect((await fetch(`${service.url}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${service.url}/version`)).status).toBe(200);
    const record = JSON.parse(String(needy.contents['golden.json'])).cases[0].input;
    const refused = await fetch(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(record),
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'not-ready' });
    service.process.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });

    expect((await settled(await runService(cwd, { PRICE_LIST: 'x' }))).status).toBe(200);
  });

  it('ends with 2 and every fault when the environment is wrong, with 0 and a table for --help', async () => {
    const wrong = await run(process.execPath, [entry], { env: { PORT: 'x', MAX_ROWS: '0' } }).catch(
      (error: unknown) => error,
    );
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/PORT: .*\nMAX_ROWS: /) });
    expect(await run(process.execPath, [entry, 'now'], { env: {} }).catch((error: unknown) => error)).toMatchObject({
      code: 2,
    });
    expect((await run(process.execPath, [entry, '--help'], { env: {} })).stdout).toContain('DRAIN_GRACE_SECONDS');
  });

  it('ends with 1 and what to do when the port is taken or build.json cannot be believed', async () => {
    const { cwd } = await imageWith(wine.directory);
    const { url } = await runService(cwd);
    const env = { PORT: new URL(url).port, HOST: '127.0.0.1' };
    const taken = await run(process.execPath, [entry], { cwd, env }).catch((error: unknown) => error);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(/found it taken; give another in PORT/) });
    await writeFile(path.join(cwd, 'build.json'), '{"schema":"trireme.build/9"}');
    const unbelievable = await run(process.execPath, [entry], { cwd, env: { PORT: '0' } }).catch(
      (error: unknown) => error,
    );
    expect(unbelievable).toMatchObject({ code: 1, stderr: expect.stringContaining('build.json') });
  });
});
