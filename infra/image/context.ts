// The files an image is built from, laid out once in a folder, so that every builder starts from the same ones.
import { copyFile, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonicalJson, type Digest, digestOf, sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import { type ModelOfRelease, modelWord } from '../contract/release.ts';
import { git } from '../ledger/git-command.ts';
import { buildDocument } from './build-id.ts';
import { modelDigestOf } from './model-digest.ts';
import { isTypeScript, stripTypes } from './strip.ts';

/** Folders of the application that a running service needs. Training, tests and command lines stay outside. */
export const servedFolders = ['app/model', 'app/engines', 'app/serving'] as const;
/** What npm wants to see, and what Node asks for the module type. */
export const packageFiles = ['package.json', 'package-lock.json', 'app/package.json', 'infra/package.json'] as const;
/** Where and when a model was trained: it differs from run to run, and the image must not. */
const lineageFile = 'lineage.json';

export interface BakedModel extends ModelOfRelease {
  /** The artifact in the model store. */
  readonly folder: string;
}

export interface ContextOptions {
  /** The checkout. */
  readonly root: string;
  readonly models: readonly BakedModel[];
  readonly buildId: string;
  /** Emptied first. */
  readonly destination: string;
}

/** @throws DeliveryError `digest-mismatch` when a model is not the one its digest names; `document-invalid` for code that can't be stripped. */
export async function prepareContext({ root, models, buildId, destination }: ContextOptions): Promise<void> {
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination, { recursive: true });
  for (const path of await sourceFiles(root)) {
    if (isTypeScript(path)) await placeStripped(root, path, destination);
    else await place(join(root, path), join(destination, path));
  }
  for (const model of models) {
    const files = await modelFiles(model);
    for (const name of files)
      await place(join(model.folder, name), join(destination, 'models', modelWord(model), name));
  }
  await writeFile(join(destination, 'build.json'), buildDocument(buildId, models));
}

/**
 * Paths of the application's files and the package files, sorted: those git knows of and those it would add, never what it ignores.
 * In a clean checkout these are exactly the commit's.
 */
export async function sourceFiles(root: string): Promise<string[]> {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const output = await git(['-C', root, ...listing, '--', ...packageFiles, ...servedFolders]);
  const paths = output
    .toString()
    .split('\0')
    .filter((path) => path !== '');
  const present = await Promise.all(paths.map((path) => isFile(root, path)));
  return paths.filter((_path, index) => present[index]).sort();
}

/** Names what is built when no commit does. */
export async function sourceDigest(root: string): Promise<Digest> {
  const files = await Promise.all(
    (await sourceFiles(root)).map(async (path) => ({ path, sha256: sha256(await readFile(join(root, path))) })),
  );
  return digestOf(canonicalJson(files));
}

/** The artifact's files without its lineage. */
async function modelFiles({ name, digest, folder }: BakedModel): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DeliveryError('usage', `expected the model \`${name}\` in ${folder}; found nothing there`, {
      hint: 'train it: npx trireme train',
      cause,
    });
  });
  const names = entries.map((entry) => entry.name).filter((entry) => entry !== lineageFile);
  const files = await Promise.all(names.map(async (path) => [path, await readFile(join(folder, path))] as const));
  const found = modelDigestOf(new Map(files));
  if (found === digest) return names.sort();
  throw new DeliveryError('digest-mismatch', `model \`${name}\`: expected ${digest}; found ${found} in ${folder}`, {
    hint: 'the artifact was altered: remove the folder and train it again (npx trireme train)',
  });
}

/** A file that git lists may be deleted in the checkout; anything that is no plain file can't be built the same everywhere. */
async function isFile(root: string, path: string): Promise<boolean> {
  const found = await lstat(join(root, path)).catch(() => undefined);
  if (found === undefined || found.isFile()) return found !== undefined;
  throw new DeliveryError('usage', `expected plain files in the image; found the link or folder ${path}`);
}

async function placeStripped(root: string, path: string, destination: string): Promise<void> {
  const stripped = stripTypes({ path, text: await readFile(join(root, path), 'utf8') });
  const to = join(destination, stripped.path);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, stripped.text);
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}
