import { createReadStream } from 'node:fs';
import { cp, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BakedModel, prepareContext, sourceDigest, sourceFiles } from '../../image/context.ts';
import { type BuiltImage, buildLayout } from '../../image/layout.ts';
import { visitLayer } from '../../registry/layer.ts';
import { blobFile, parseImageConfig, readLayout } from '../../registry/oci.ts';
import { commitAll, makeCheckout, makeModel, writeFiles } from './sample-checkout.ts';

let folder: string;
let root: string;
let model: BakedModel;
let builds = 0;
const buildId = 'bld-0123456789ab';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-image-'));
  root = join(folder, 'checkout');
  await makeCheckout(root);
  model = await makeModel(join(folder, 'store', 'wine'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Nothing is shared between two builds unless a cache is given. */
async function build(options: { root?: string; model?: BakedModel; cache?: string } = {}): Promise<BuiltImage> {
  const own = join(folder, `build-${++builds}`);
  const checkout = options.root ?? root;
  const context = join(own, 'context');
  await prepareContext({ root: checkout, models: [options.model ?? model], buildId, destination: context });
  return buildLayout({
    context,
    root: checkout,
    cache: options.cache ?? join(own, 'cache'),
    destination: join(own, 'layout'),
    labels: { commit: 'c'.repeat(40), repository: 'github.com/a/b', buildId },
  });
}

async function pathsOf({ layout }: BuiltImage): Promise<string[][]> {
  const { image } = await readLayout(layout);
  return Promise.all(
    image.layers.map(async (layer) => {
      const paths: string[] = [];
      await visitLayer(layer.mediaType, createReadStream(blobFile(layout, layer.digest)), async ({ header }) => {
        expect([header.uid, header.gid, header.mtime.getTime()]).toEqual([0, 0, 0]);
        if (header.type === 'file') paths.push(header.name);
      });
      return paths;
    }),
  );
}

describe('an image written by ourselves', () => {
  it('holds what runs and nothing else', async () => {
    expect(await pathsOf(await build())).toEqual([
      [
        'srv/node_modules/lib/LICENSE',
        'srv/node_modules/lib/index.js',
        'srv/node_modules/lib/kernel.wasm',
        'srv/node_modules/lib/lib/test/runs.js',
        'srv/node_modules/lib/package.json',
      ],
      [
        'srv/app/engines/compiled.js',
        'srv/app/model/schema.js',
        'srv/app/package.json',
        'srv/app/serving/main.js',
        'srv/app/serving/page.html',
        'srv/package.json',
      ],
      ['srv/build.json', 'srv/models/wine/golden.json', 'srv/models/wine/model.json', 'srv/models/wine/weights.bin'],
    ]);
  });

  it('says how to run it and what it was built from', async () => {
    const built = await build();
    const { image, digest, size } = await readLayout(built.layout);
    expect([built.digest, built.size]).toEqual([digest, size]);
    const config = parseImageConfig(await readFile(blobFile(built.layout, image.config.digest)));
    expect(config).toMatchObject({
      os: 'linux',
      architecture: 'amd64',
      config: {
        User: '65532:65532',
        Entrypoint: ['node', 'app/serving/main.js'],
        WorkingDir: '/srv',
        Env: ['NODE_ENV=production'],
        ExposedPorts: { '8080/tcp': {} },
        Labels: { 'org.opencontainers.image.revision': 'c'.repeat(40), 'dev.trireme.build-id': buildId },
      },
    });
    expect(config.rootfs.diff_ids).toEqual(image.layers.map((layer) => layer.digest));
  });

  it('has the same digest in another folder, at another time, after another training of the same model', async () => {
    const first = await build();
    const elsewhere = join(folder, 'elsewhere', 'deeper');
    await cp(root, elsewhere, { recursive: true });
    await writeFiles(elsewhere, { 'app/serving/debug.log': 'ignored by git' });
    const past = new Date('2001-01-01');
    await utimes(join(elsewhere, 'app/serving/main.ts'), past, past);
    await utimes(join(elsewhere, 'node_modules/lib/index.js'), past, past);
    const again = await makeModel(join(folder, 'other-store', 'wine'), 'tuesday');
    expect((await build({ root: elsewhere, model: again })).digest).toBe(first.digest);
  });

  it.each([
    ['a source file', 'app/serving/main.ts'],
    ['an installed package', 'node_modules/lib/index.js'],
  ])('has another digest when one byte of %s is another', async (_name, path) => {
    const first = await build();
    await writeFile(join(root, path), 'X', { flag: 'a' });
    expect((await build()).digest).not.toBe(first.digest);
  });

  it('has another digest with another model', async () => {
    const other = await makeModel(join(folder, 'other', 'wine'), 'monday', 'v');
    expect((await build({ model: other })).digest).not.toBe((await build()).digest);
  });

  it('takes the layer of packages from the cache, and does not believe a damaged one', async () => {
    const cache = join(folder, 'cache');
    const first = await build({ cache });
    // Seen only by whoever reads the packages again.
    await rm(join(root, 'node_modules'), { recursive: true });
    expect((await build({ cache })).digest).toBe(first.digest);
    const [modules] = (await readLayout(first.layout)).image.layers;
    const file = join(cache, modules?.digest.slice('sha256:'.length) ?? '');
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(600) ^ 1, 600);
    await writeFile(file, bytes);
    await expect(build({ cache })).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('npm ci') });
  });

  it('refuses packages that are not those of the lockfile', async () => {
    await writeFile(join(root, 'node_modules/lib/package.json'), '{"version":"1.0.1"}');
    await expect(build()).rejects.toMatchObject({
      code: 'usage',
      message: 'node_modules/lib: expected version 1.0.0; found 1.0.1',
    });
  });

  it('refuses a model that is not the one its digest names', async () => {
    await writeFile(join(model.folder, 'weights.bin'), 'W');
    await expect(build()).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: expect.stringContaining(model.digest),
    });
  });

  it('refuses a model that is not there', async () => {
    await expect(build({ model: { ...model, folder: join(folder, 'nowhere') } })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('the files an image is built from', () => {
  it('are those git has or would add, without what it ignores and what was deleted', async () => {
    await writeFiles(root, { 'app/model/new.ts': '', 'app/model/new.log': '' });
    await rm(join(root, 'app/engines/compiled.ts'));
    expect(await sourceFiles(root)).toEqual([
      'app/model/new.ts',
      'app/model/schema.ts',
      'app/package.json',
      'app/serving/main.ts',
      'app/serving/page.html',
      'package-lock.json',
      'package.json',
    ]);
  });

  it('are named by their content, not by their commit', async () => {
    const before = await sourceDigest(root);
    await commitAll(root, 'ada', 'Nothing');
    expect(await sourceDigest(root)).toBe(before);
    await writeFiles(root, { 'app/model/schema.ts': 'edited' });
    expect(await sourceDigest(root)).not.toBe(before);
  });
});
