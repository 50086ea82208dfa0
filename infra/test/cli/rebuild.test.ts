// A release is built once more from its commit alone; what somebody changed about it since is named.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliEnvironment } from '../../cli/environment.ts';
import { programDigest } from '../../cli/program-digest.ts';
import { type Install, rebuild } from '../../cli/rebuild.ts';
import { type Bench, buildImage } from '../../cli/release-steps.ts';
import { digestOf } from '../../contract/canonical.ts';
import { parseReleaseManifest, type ReleaseManifest, releaseSchema } from '../../contract/release.ts';
import { imageFilesOf } from '../../image/difference.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { parseManifest, readLayout } from '../../registry/oci.ts';
import { commitAll, makeCheckout, makeModel, writeFiles } from '../image/sample-checkout.ts';

let folder: string;
let checkout: string;
let bench: Bench;
let published: string;
let manifest: ReleaseManifest;

/** The packages of the first checkout: nothing is fetched. */
const install: Install = (destination) =>
  cp(join(checkout, 'node_modules'), join(destination, 'node_modules'), { recursive: true });
/** What the registry would serve, as it was built. */
const client = (): Pick<RegistryClient, 'pullImage'> => ({
  async pullImage(_ref, destination) {
    const { digest, bytes } = await readLayout(published);
    const parsed = parseManifest(bytes);
    if (parsed.kind !== 'image') throw new Error('expected an image');
    const { layers, config } = await imageFilesOf(published);
    await cp(join(published, 'blobs', 'sha256'), destination, { recursive: true });
    await writeFile(join(destination, parsed.image.config.digest.replace(':', '-')), config);
    return {
      digest,
      manifest: parsed.image,
      config: { os: '', architecture: '', config: {}, rootfs: { type: 'layers', diff_ids: [] } },
      layers: layers.map((layer) => ({ ...layer, digest: layer.digest as `sha256:${string}` })),
    };
  },
});
const again = (change: Partial<ReleaseManifest> = {}, how: Install = install) =>
  rebuild(bench, client(), { ...manifest, ...change }, { install: how });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-rebuild-'));
  checkout = join(folder, 'checkout');
  await makeCheckout(checkout);
  const lock = JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8'));
  for (const [path, entry] of Object.entries<Record<string, unknown>>(lock.packages)) {
    if (path.startsWith('node_modules/')) entry.integrity = `sha512-${'A'.repeat(86)}==`;
  }
  await writeFiles(checkout, {
    'package-lock.json': JSON.stringify(lock),
    'infra/clouds/index.ts': '',
    'infra/contract/stack.ts': '',
    'infra/config.ts': '',
    'infra/index.ts': '',
    'infra/program.ts': '',
    'infra/package.json': '{}',
    'stacks/Pulumi.gcp-dev.yaml': 'config: {}\n',
  });
  const commit = await commitAll(checkout, 'ada', 'Everything');
  const stateDirectory = join(folder, 'state');
  const environment = { checkout, stateDirectory, shell: process.env, emulated: { since: '', timeScale: 1 } };
  bench = { environment: environment as unknown as CliEnvironment, report: () => {} };
  const trained = await makeModel(join(folder, 'trained'));
  const model = { ...trained, folder: join(stateDirectory, 'models', trained.digest.replace('sha256:', '')) };
  await cp(trained.folder, model.folder, { recursive: true });
  const source = { repository: 'sample', commit, dirty: false, authors: ['ada <ada@example.org>'] };
  const { image, buildId } = await buildImage(bench, source, [model]);
  published = image.layout;
  const { digest, builder, builderVersion, size } = image;
  manifest = parseReleaseManifest({
    schema: releaseSchema,
    sequence: 1,
    source,
    image: {
      name: 'trireme',
      digest,
      builder,
      builderVersion,
      size,
      platform: 'linux/amd64',
      copies: [{ cloud: 'gcp', ref: `gcp.test/x@${digest}` }],
    },
    build: { buildId, node: '24.21.0', lockfile: digestOf(await readFile(join(checkout, 'package-lock.json'))) },
    models: [{ name: model.name, digest: model.digest }],
    infra: { program: await programDigest(checkout), stackConfigs: { 'gcp-dev': digestOf('config: {}\n') } },
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('building a release once more', () => {
  it('gives the same digest, whatever became of the checkout since, and leaves nothing behind', async () => {
    await writeFiles(checkout, { 'app/serving/main.ts': 'export const changed = 1;\n' });
    await commitAll(checkout, 'ada', 'Later');
    await writeFiles(checkout, { 'app/serving/main.ts': 'export const changed = 2;\n' });
    expect(await again()).toEqual({ digest: manifest.image.digest, differences: [] });
    const { stdout } = await promisify(execFile)('git', ['-C', checkout, 'worktree', 'list']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  it('takes the image from the commit that built it, and the rest from its own', async () => {
    const text = 'config: { a: 1 }\n';
    await writeFiles(checkout, { 'stacks/Pulumi.gcp-dev.yaml': text });
    const commit = await commitAll(checkout, 'bob', 'A setting');
    const change = {
      source: { ...manifest.source, commit },
      build: { ...manifest.build, commit: manifest.source.commit },
      infra: { ...manifest.infra, stackConfigs: { 'gcp-dev': digestOf(text) } },
    };
    expect(await again(change)).toEqual({ digest: manifest.image.digest, differences: [] });
    const { stdout } = await promisify(execFile)('git', ['-C', checkout, 'worktree', 'list']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    await writeFiles(checkout, { 'app/serving/main.ts': 'export const changed = 1;\n' });
    const later = { ...manifest.source, commit: await commitAll(checkout, 'eve', 'More than a setting') };
    expect((await again({ ...change, source: later })).differences).toEqual([
      'app/serving/main.ts: changed since the image was built',
    ]);
  });

  it('names the first file that differs', async () => {
    const altered: Install = async (destination, at) => {
      await install(destination, at);
      await writeFiles(destination, { 'node_modules/lib/index.js': 'module.exports = 2;\n' });
    };
    const { digest, differences } = await again({}, altered);
    expect(digest).not.toBe(manifest.image.digest);
    expect(differences).toEqual(['image: layer 1 of 3: srv/node_modules/lib/index.js: other content']);
  });

  it.each([
    ['another version of it', { builderVersion: '1' }, {}, 'the layout builder: expected 1; found 2'],
    ['other code', {}, { 'infra/image/context.ts': '' }, 'infra/image/context.ts has changed since'],
  ])('can not tell an image by another builder from an altered one: %s', async (_name, said, later, words) => {
    await writeFiles(checkout, later);
    await commitAll(checkout, 'ada', 'A newer builder');
    const image = { ...manifest.image, ...said };
    // The image of that builder: what this one makes is the same, and says so.
    expect((await again({ image })).differences).toEqual([]);
    const digest = digestOf('by another builder');
    await expect(again({ image: { ...image, digest } })).rejects.toMatchObject({
      code: 'errored',
      message: expect.stringContaining(words),
      hint: expect.stringContaining(`git worktree add ../audit ${manifest.source.commit}`),
    });
    // What its commit belies was altered, whoever built it.
    const build = { ...manifest.build, lockfile: digestOf('other') };
    const { differences } = await again({ image: { ...image, digest }, build });
    expect(differences).toContainEqual(expect.stringMatching(/^lock file: /));
  });

  it('names what the manifest says otherwise than its commit', async () => {
    const other = digestOf('other');
    const { build } = manifest;
    const { differences } = await again({
      build: { ...build, lockfile: other, buildId: 'bld-000000000000' },
      infra: { program: other, stackConfigs: { 'gcp-dev': other, 'aws-dev': other } },
    });
    expect(differences.map((one) => one.split(':')[0])).toEqual([
      'build id',
      'lock file',
      'Pulumi program',
      'stack file gcp-dev',
      'stack file aws-dev',
    ]);
  });

  it("can't be told of a dirty tree, a Dockerfile without an engine, a commit that is not here", async () => {
    const { source, image } = manifest;
    const refusals = [
      [{ source: { ...source, dirty: true } }, 'no commit holds'],
      [{ image: { ...image, builder: 'dockerfile' as const } }, 'from the Dockerfile'],
      [{ source: { ...source, commit: 'a'.repeat(40) } }, 'is not in this clone'],
    ] as const;
    for (const [change, words] of refusals) {
      await expect(again(change)).rejects.toMatchObject({ code: 'errored', message: expect.stringContaining(words) });
    }
  });
});
