// The model artifact on disk: a folder that is written whole or not at all, named by what it holds, and believed only after every byte was checked.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { canonicalJson } from './canonical-json.ts';
import { AppError } from './errors.ts';
import { type Golden, parseGolden } from './golden.ts';
import { type Model, parseModel } from './schema.ts';
import { trainingRowsFile } from './training-rows.ts';

/** Differs from run to run (when, where, after what), so it is no part of what the digest names. */
export const lineageFile = 'lineage.json';
/** As `sha256sum` writes it: `sha256sum -c SHA256SUMS` checks a folder by hand. Lets a reader say which file was changed. */
export const sumsFile = 'SHA256SUMS';
export const artifactFiles = [
  'card.md',
  'golden.json',
  'model.json',
  'network.json',
  'profile.json',
  'weights.bin',
] as const;
export type ArtifactFile = (typeof artifactFiles)[number];
/** A model that was imported comes without it. */
type OptionalFile = typeof trainingRowsFile;
export type ArtifactContents = Readonly<
  Record<ArtifactFile, string | Uint8Array> & Partial<Record<OptionalFile, Uint8Array>>
>;

export interface Artifact {
  readonly digest: string;
  readonly model: Model;
  readonly golden: Golden;
  /** The network in the format `model.format` names. */
  readonly network: string;
  readonly weights: Float32Array;
  /** The reference profile, unread. */
  readonly profile: string;
}

/** Reads a folder, checking every file in it. @throws AppError `artifact-incomplete`, `artifact-damaged`, `digest-mismatch`, or the parsers' own. */
export async function readArtifact(directory: string, expectedDigest?: string): Promise<Artifact> {
  const files = await readFiles(directory);
  checkSums(files);
  const digest = digestOf(files);
  if (expectedDigest !== undefined && digest !== expectedDigest) {
    throw new AppError(
      'digest-mismatch',
      `model artifact: expected ${expectedDigest}, found ${digest}; it is another model`,
    );
  }
  const text = (file: ArtifactFile) => Buffer.from(files.get(file) ?? '').toString('utf8');
  return {
    digest,
    model: parseModel(text('model.json')),
    golden: parseGolden(text('golden.json')),
    network: text('network.json'),
    weights: littleEndianFloats(files.get('weights.bin') ?? new Uint8Array()),
    profile: text('profile.json'),
  };
}

/**
 * Writes the artifact to `<store>/<64 hex of its digest>`. It appears there in one step: a reader never sees half of it.
 * @returns `written: false` when the store has it already, every byte checked; what was there damaged is replaced.
 */
export async function writeArtifact(
  store: string,
  contents: ArtifactContents,
  lineage: object,
): Promise<{ digest: string; directory: string; written: boolean }> {
  const files = withSums(contents);
  const digest = digestOf(files);
  const directory = artifactDirectory(store, digest);
  if (await holdsArtifact(directory, digest)) return { digest, directory, written: false };

  const partial = asidePath(store);
  try {
    await mkdir(partial, { recursive: true });
    for (const [name, bytes] of [...files, [lineageFile, `${JSON.stringify(lineage, null, 2)}\n`] as const]) {
      await writeThrough(path.join(partial, name), bytes);
    }
    return { digest, directory, written: await putInPlace(partial, directory, digest) };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'store-unwritable',
      `expected to write the model store ${store}, found ${found}; make room or give another with --store`,
      { cause },
    );
  } finally {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
  }
}

/** @returns false when another process had put the same artifact there first. */
async function putInPlace(partial: string, directory: string, digest: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await rename(partial, directory);
      return true;
    } catch (error) {
      const isTaken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!isTaken || tries === 5) throw error;
    }
    if (await holdsArtifact(directory, digest)) return false;
    // What is there is damaged. Moved before it is removed: nobody ever sees it half removed.
    const aside = asidePath(path.dirname(directory));
    await rename(directory, aside).catch(() => {});
    await rm(aside, { recursive: true, force: true });
  }
}

/** A leading dot: never taken for an artifact, whatever happens to this process. */
function asidePath(store: string): string {
  return path.join(store, `.${randomBytes(6).toString('hex')}.partial`);
}

export function artifactDirectory(store: string, digest: string): string {
  return path.join(store, digest.replace('sha256:', ''));
}

/** What people and responses call a version of a model: the first 12 digits of its digest. */
export function shortDigest(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}

/** SHA-256 over the canonical JSON of path, size and SHA-256 of every file but the lineage, sorted by path. */
export function digestOf(files: ReadonlyMap<string, Uint8Array>): string {
  const list = [...files]
    .filter(([name]) => name !== lineageFile)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => ({ path: name, size: bytes.byteLength, sha256: sha256(bytes) }));
  return `sha256:${sha256(canonicalJson(list))}`;
}

export function withSums(contents: ArtifactContents): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>(artifactFiles.map((name) => [name, Buffer.from(contents[name])]));
  const trainingRows = contents[trainingRowsFile];
  if (trainingRows !== undefined) files.set(trainingRowsFile, trainingRows);
  files.set(sumsFile, Buffer.from(sumsOf(files)));
  return files;
}

async function holdsArtifact(directory: string, digest: string): Promise<boolean> {
  return readArtifact(directory, digest).then(
    () => true,
    () => false,
  );
}

async function readFiles(directory: string): Promise<Map<string, Uint8Array>> {
  const found = await readdir(directory, { withFileTypes: true }).catch(unreadable);
  const entries = found.filter(({ name }) => name !== lineageFile);
  const other = entries.find((entry) => !entry.isFile());
  if (other !== undefined) {
    throw new AppError(
      'artifact-damaged',
      `model artifact: expected files only, found the folder or link \`${other.name}\``,
    );
  }
  const read = entries.map(
    async ({ name }) => [name, Buffer.from(await readFile(path.join(directory, name)).catch(unreadable))] as const,
  );
  const files = new Map<string, Uint8Array>(await Promise.all(read));
  const missing = [...artifactFiles, sumsFile].filter((name) => !files.has(name));
  if (missing.length > 0) {
    throw new AppError(
      'artifact-incomplete',
      `model artifact: expected all its files, found none called ${missing.join(', ')}; train it again`,
    );
  }
  return files;
}

/** What is not there is listed as missing; what is there and can't be read is said at once. */
function unreadable(cause: NodeJS.ErrnoException): never[] {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return [];
  throw new AppError('artifact-incomplete', `model artifact: expected to read it, found ${cause.code}`, { cause });
}

/** Not a byte may differ, of the sums neither: they are compared with the only way of writing them. */
function checkSums(files: ReadonlyMap<string, Uint8Array>): void {
  const sums = Buffer.from(files.get(sumsFile) ?? '').toString('utf8');
  const listed = new Map(sums.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
  const faults: string[] = [];
  for (const [name, bytes] of files) {
    if (name === sumsFile) continue;
    const wanted = listed.get(name);
    const found = sha256(bytes);
    if (wanted === undefined) faults.push(`\`${name}\`: expected a line in ${sumsFile}, found none`);
    else if (wanted !== found) faults.push(`\`${name}\`: expected sha256 ${wanted} as in ${sumsFile}, found ${found}`);
  }
  if (faults.length === 0 && sums !== sumsOf(files)) {
    faults.push(`\`${sumsFile}\`: expected one line for each file, sorted, found something else`);
  }
  if (faults.length > 0) {
    throw new AppError(
      'artifact-damaged',
      `model artifact was changed after training: ${faults.join('; ')}; train it again`,
    );
  }
}

function sumsOf(files: ReadonlyMap<string, Uint8Array>): string {
  return [...files]
    .filter(([name]) => name !== sumsFile)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`)
    .join('');
}

async function writeThrough(file: string, bytes: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(bytes);
    // Without it a machine that loses power may keep the renamed folder and lose what was in it.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function littleEndianFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, index) =>
    view.getFloat32(index * 4, true),
  );
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
