// A release built once more from nothing but its commit, its lock file and its models, in a folder of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { digestOf } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import { builtFrom, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { firstDifference, type ImageFiles, imageFilesOf } from '../image/difference.ts';
import { entersImage, makesImage } from '../image/image-paths.ts';
import type { BuiltImage } from '../image/layout.ts';
import { changedPaths } from '../image/source.ts';
import { runGit } from '../ledger/git-command.ts';
import type { RegistryClient } from '../registry/client.ts';
import { runApplication } from './application.ts';
import { programDigest } from './program-digest.ts';
import { type Bench, type BuildOptions, buildImage } from './release-steps.ts';

export interface Rebuilt {
  readonly digest: string;
  /** What differs from the manifest; empty when everything is the same. */
  readonly differences: readonly string[];
}

/** Installs what a lock file names into a folder. */
export type Install = (folder: string, bench: Bench) => Promise<void>;

/**
 * What lays it out and writes it is this checkout's.
 * @throws DeliveryError `errored` where it can't be built here: the commit or a model is missing, the tree was dirty, or it is another image and this checkout's builder is another one too.
 */
export async function rebuild(
  bench: Bench,
  client: Pick<RegistryClient, 'pullImage'>,
  manifest: ReleaseManifest,
  options: BuildOptions & { readonly install?: Install } = {},
): Promise<Rebuilt> {
  const { environment, report } = bench;
  const { source, image } = manifest;
  if (source.dirty) throw unable(manifest, 'it was built from files that no commit holds');
  if (image.builder === 'dockerfile' && options.engine === undefined) {
    throw unable(manifest, 'it was built from the Dockerfile', '--engine podman');
  }
  const folder = await mkdtemp(join(tmpdir(), 'trireme-audit-'));
  const checkout = join(folder, 'source');
  const own = builtFrom(manifest) === source.commit ? checkout : join(folder, 'own');
  const git = ['-C', environment.checkout, 'worktree'];
  try {
    const commit = builtFrom(manifest);
    report({ message: `checking out ${commit.slice(0, 12)} in a folder of its own` });
    const checkOut = async (to: string, wanted: string): Promise<void> => {
      const added = await runGit([...git, 'add', '--detach', '--quiet', to, wanted]);
      if (added.code !== 0) throw unable(manifest, `commit ${wanted} is not in this clone`, 'git fetch --unshallow');
    };
    await checkOut(checkout, commit);
    // What does not enter the image is the release's own, also where the image is an earlier one's.
    if (commit !== source.commit) await checkOut(own, source.commit);
    const apart: Bench = { ...bench, environment: { ...environment, checkout, stateDirectory: join(folder, 'state') } };
    // With an engine, the Dockerfile installs.
    if (image.builder === 'layout') await (options.install ?? npmCi)(checkout, apart);
    const models = await storedModels(bench, checkout, manifest);
    const engine = image.builder === 'layout' ? undefined : options.engine;
    const built = await buildImage(apart, { ...source, commit }, models, { ...options, engine });
    const stated = [
      ...(await differencesOf({ checkout, own }, manifest)),
      ...(await enteredSince(environment.checkout, manifest)),
    ];
    const { digest, layout } = built.image;
    const buildId = compared([['build id', manifest.build.buildId, built.buildId]]);
    // Whether a release that its commit bears out was altered, only the builder that made it can tell.
    const other = digest === image.digest || stated.length > 0 ? [] : await otherBuilder(bench, manifest, built.image);
    if (other.length > 0)
      throw unable(manifest, `it was built otherwise than here: ${other.join('; ')}`, ofItsOwn(commit));
    const differences = [
      ...[...buildId, ...stated],
      ...(await imageDifference(client, manifest, layout, join(folder, 'published'))),
    ];
    return { digest, differences };
  } finally {
    for (const made of new Set([checkout, own])) await runGit([...git, 'remove', '--force', made]);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** In what the builder of this checkout is another than that of the release, so that the same files may give another image. */
async function otherBuilder(
  { environment }: Bench,
  manifest: ReleaseManifest,
  { builderVersion }: Pick<BuiltImage, 'builderVersion'>,
): Promise<string[]> {
  const { image } = manifest;
  const changed = (await changedPaths(environment.checkout, builtFrom(manifest), 'HEAD')) ?? [];
  return [
    ...compared([[`the ${image.builder} builder`, image.builderVersion, builderVersion]]),
    ...changed.filter(makesImage).map((path) => `${path} has changed since`),
  ];
}

function ofItsOwn(commit: string): string {
  return `audit it from a checkout of its own commit, with the builder it names: git worktree add ../audit ${commit}`;
}

async function imageDifference(
  client: Pick<RegistryClient, 'pullImage'>,
  { image }: ReleaseManifest,
  layout: string,
  folder: string,
): Promise<string[]> {
  const rebuilt = await imageFilesOf(layout);
  const [copy] = image.copies;
  if (rebuilt.digest === image.digest || copy === undefined) return [];
  const pulled = await client.pullImage(copy.ref, folder);
  const config = await readFile(join(folder, pulled.manifest.config.digest.replace(':', '-')), 'utf8');
  const published: ImageFiles = { digest: pulled.digest, config, layers: pulled.layers };
  return [`image: ${(await firstDifference(published, rebuilt)) ?? 'another digest'}`];
}

/** Lock file, Pulumi program and stack files of that commit. */
async function differencesOf(
  { checkout, own }: { readonly checkout: string; readonly own: string },
  { build, infra }: ReleaseManifest,
): Promise<string[]> {
  const fileDigest = (...path: string[]) => readFile(join(...path)).then(digestOf, () => 'no such file');
  const stacks = await Promise.all(
    Object.entries(infra.stackConfigs).map(
      async ([name, expected]) =>
        [`stack file ${name}`, expected, await fileDigest(own, 'stacks', `Pulumi.${name}.yaml`)] as const,
    ),
  );
  return compared([
    ['lock file', build.lockfile, await fileDigest(checkout, 'package-lock.json')],
    ['Pulumi program', infra.program, await programDigest(own)],
    ...stacks,
  ]);
}

function compared(pairs: readonly (readonly [what: string, expected: string, found: string])[]): string[] {
  return pairs
    .filter(([, expected, found]) => expected !== found)
    .map(([what, expected, found]) => `${what}: expected ${expected}; found ${found}`);
}

/** An image of an earlier commit may stand for this one only where nothing that enters it changed in between. */
async function enteredSince(root: string, manifest: ReleaseManifest): Promise<string[]> {
  const changed = (await changedPaths(root, builtFrom(manifest), manifest.source.commit)) ?? [];
  return changed.filter(entersImage).map((path) => `${path}: changed since the image was built`);
}

/** From the store, where the digest names the folder; what is not there is got or trained as that commit's lock says. */
async function storedModels(bench: Bench, checkout: string, manifest: ReleaseManifest) {
  const store = join(bench.environment.stateDirectory, 'models');
  const models = manifest.models.map((model) => ({
    ...model,
    folder: join(store, model.digest.replace('sha256:', '')),
  }));
  const missing = async () =>
    (await Promise.all(models.map(async (model) => ((await exists(model.folder)) ? [] : [model.name])))).flat();
  if ((await missing()).length > 0) {
    await runApplication({ ...bench.environment, checkout }, 'ensure', bench.report, bench.signal);
  }
  const still = await missing();
  if (still.length > 0)
    throw unable(manifest, `the model ${still.join(', ')} is not in the store and could not be made`);
  return models;
}

/** What the lock file names and nothing else; no script of a package runs. */
const npmCi: Install = async (folder, { environment, report, signal }) => {
  report({ message: 'installing what the lock file names' });
  const path = [dirname(process.execPath), environment.shell.PATH].join(delimiter);
  const words = ['ci', '--workspace', 'app', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const child = spawn('npm', words, {
    cwd: folder,
    env: { ...environment.shell, PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new DeliveryError('errored', `\`npm ci\` ended with ${code}: ${said.trim()}`);
};

function unable(manifest: ReleaseManifest, why: string, hint?: string): DeliveryError {
  return new DeliveryError('errored', `${releaseIdOf(manifest)} can't be built again here: ${why}`, { hint });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
