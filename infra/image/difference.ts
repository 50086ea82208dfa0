// Where two images part: the first layer, and in it the first file, that is not the same.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { visitLayer } from '../registry/layer.ts';
import { blobFile, readLayout } from '../registry/oci.ts';

/** An image whose blobs lie on this disk. */
export interface ImageFiles {
  readonly digest: string;
  /** The configuration, as JSON. */
  readonly config: string;
  readonly layers: readonly { readonly path: string; readonly digest: string; readonly mediaType: string }[];
}

export async function imageFilesOf(layout: string): Promise<ImageFiles> {
  const { digest, image } = await readLayout(layout);
  return {
    digest,
    config: await readFile(blobFile(layout, image.config.digest), 'utf8'),
    layers: image.layers.map((layer) => ({ ...layer, path: blobFile(layout, layer.digest) })),
  };
}

/** One sentence; `undefined` when they are the same image. */
export async function firstDifference(expected: ImageFiles, found: ImageFiles): Promise<string | undefined> {
  if (expected.digest === found.digest) return undefined;
  for (const [index, layer] of expected.layers.entries()) {
    const other = found.layers[index];
    const place = `layer ${index + 1} of ${expected.layers.length}`;
    if (other === undefined) return `${place}: missing`;
    if (layer.digest === other.digest) continue;
    return `${place}: ${firstFile(await entriesOf(layer), await entriesOf(other)) ?? 'the same files, packed otherwise'}`;
  }
  if (found.layers.length > expected.layers.length) return `layer ${expected.layers.length + 1}: not expected`;
  return expected.config === found.config ? 'the manifest: the same layers and configuration' : 'the configuration';
}

interface Entry {
  readonly name: string;
  /** Everything about it that a digest of the layer covers. */
  readonly form: string;
  readonly content: string;
}

/** Pure. In the order of the names, so that one file too many is told as that. */
export function firstFile(expected: readonly Entry[], found: readonly Entry[]): string | undefined {
  const byName = new Map(found.map((entry) => [entry.name, entry]));
  const names = new Set(expected.map(({ name }) => name));
  const faults = expected.flatMap((entry): (readonly [string, string])[] => {
    const other = byName.get(entry.name);
    if (other === undefined) return [[entry.name, 'missing']];
    if (other.content !== entry.content) return [[entry.name, 'other content']];
    return other.form === entry.form ? [] : [[entry.name, `expected ${entry.form}; found ${other.form}`]];
  });
  const extra = found.filter(({ name }) => !names.has(name)).map(({ name }) => [name, 'not expected'] as const);
  const [first] = [...faults, ...extra].sort(([a], [b]) => (a < b ? -1 : 1));
  return first === undefined ? undefined : first.join(': ');
}

async function entriesOf({ path, mediaType }: ImageFiles['layers'][number]): Promise<Entry[]> {
  const entries: Entry[] = [];
  await visitLayer(mediaType, createReadStream(path), async (entry) => {
    const { name, mode = 0, uid = 0, gid = 0, mtime, type, linkname } = entry.header;
    const hash = createHash('sha256');
    for await (const chunk of entry) hash.update(chunk as Buffer);
    const time = mtime instanceof Date ? mtime.getTime() / 1000 : 0;
    const form = `${type} ${mode.toString(8)} ${uid}:${gid} ${time}${linkname ? ` → ${linkname}` : ''}`;
    entries.push({ name, form, content: hash.digest('hex') });
  });
  return entries;
}
