// The layer of installed packages: only what runs of each, made once per lockfile.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import { type Lockfile, productionPackages } from './production-packages.ts';
import { type Layer, type LayerFile, layerMediaType, writeLayer } from './tar-layer.ts';

/** Where in the image everything lies. */
export const workingFolder = 'srv';

/** Part of the cache's key: layers made by another rule are not found again. */
const rule = 1;

/** @param cache holds the layer under its digest, and which lockfile it belongs to. */
export async function modulesLayer(root: string, cache: string): Promise<Layer> {
  const lockBytes = await readFile(join(root, 'package-lock.json'));
  const note = join(cache, `modules-${rule}-${sha256(lockBytes)}.json`);
  const known = await readNote(note, cache);
  if (known !== undefined) return known;
  const lock = JSON.parse(lockBytes.toString()) as Lockfile;
  const files: LayerFile[] = [];
  for (const { location, version } of productionPackages(lock, 'app')) {
    await requireInstalled(root, location, version);
    files.push(...(await runningFiles(root, location, location)));
  }
  const layer = await writeLayer(files, cache);
  await mkdir(cache, { recursive: true });
  await writeFile(note, JSON.stringify({ digest: layer.digest, size: layer.size }));
  return layer;
}

/** What Node may load, and the licences that have to travel with it. */
export function isRunning(name: string): boolean {
  if (/\.(test|spec)\.[cm]?js$/.test(name)) return false;
  return /\.([cm]?js|json|wasm)$/.test(name) || /^(licen[cs]e|notice|copying)/i.test(name);
}

const unusedFolder = /^(test|tests|__tests__|example|examples|docs|doc|bench|benchmark|coverage|\.github)$/;

async function runningFiles(root: string, location: string, folder: string): Promise<LayerFile[]> {
  const found: LayerFile[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isFile() && isRunning(entry.name)) {
      found.push({ path: `${workingFolder}/${path}`, source: join(root, path) });
    }
    // Packages inside are reached on their own when they are needed. A folder for tests is one only at a package's top.
    const skipped = entry.name === 'node_modules' || (folder === location && unusedFolder.test(entry.name));
    if (entry.isDirectory() && !skipped) found.push(...(await runningFiles(root, location, path)));
  }
  return found;
}

async function requireInstalled(root: string, location: string, version: string): Promise<void> {
  const text = await readFile(join(root, location, 'package.json'), 'utf8').catch(() => '{}');
  const found: unknown = JSON.parse(text);
  const installed = typeof found === 'object' && found !== null && 'version' in found ? found.version : 'nothing';
  if (installed === version) return;
  throw new DeliveryError('usage', `${location}: expected version ${version}; found ${String(installed)}`, {
    hint: 'install what the lockfile names: npm ci',
  });
}

const layerNote = z.object({ digest: z.templateLiteral(['sha256:', z.hex().length(64)]), size: z.int().positive() });

/** A cached layer is believed only after its bytes were hashed again. */
async function readNote(note: string, cache: string): Promise<Layer | undefined> {
  const text = await readFile(note, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = layerNote.safeParse(safeJson(text));
  if (!parsed.success) return undefined;
  const { digest, size } = parsed.data;
  const file = join(cache, digest.slice('sha256:'.length));
  const found = await stat(file).catch(() => undefined);
  if (found?.size !== size) return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}` === digest ? { mediaType: layerMediaType, digest, size } : undefined;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
