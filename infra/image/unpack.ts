// A pulled image as a folder of files, for a runtime that runs it as a plain process.
import { createReadStream } from 'node:fs';
import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import type { PulledImage } from '../registry/client.ts';
import { type LayerEntry, visitLayer } from '../registry/layer.ts';
import type { ImageConfig } from '../registry/oci.ts';
import { readBytes } from '../registry/transport.ts';

const fileLimitBytes = 1024 * 1024 * 1024;

/** Layers on this disk, the lowest first. */
export interface LaidOut {
  readonly layers: readonly Pick<PulledImage['layers'][number], 'path' | 'mediaType'>[];
  readonly config: ImageConfig;
}

export interface Unpacked {
  readonly root: string;
  readonly config: ImageConfig;
}

/**
 * Lays the layers on each other below `root`, which should not be there yet. The layers' digests were checked when they were pulled.
 * @throws DeliveryError `refused` for anything that would reach outside `root`, a device, or a layer that removes files.
 */
export async function unpackImage(image: LaidOut, root: string): Promise<Unpacked> {
  const links = new Set<string>();
  const folders = new Set<string>();
  await mkdir(root, { recursive: true });
  for (const layer of image.layers) {
    await visitLayer(layer.mediaType, createReadStream(layer.path), (entry) => place(entry, root, links, folders));
  }
  return { root, config: image.config };
}

/** The entry's path below the root. @throws DeliveryError `refused`. */
export function pathInside(name: string): string {
  const path = posix.normalize(name).replace(/^\/+|\/+$/g, '');
  if (path === '..' || path.startsWith('../') || name.split('/').includes('..') || name.includes('\0')) {
    throw refused(name, 'it leads out of the image');
  }
  if (posix.basename(path).startsWith('.wh.')) {
    throw refused(name, 'it removes a file of a lower layer, which only a container engine can');
  }
  return path === '.' ? '' : path;
}

async function place(entry: LayerEntry, root: string, links: Set<string>, folders: Set<string>): Promise<void> {
  const { type, name, linkname } = entry.header;
  const path = pathInside(name);
  if (path === '') return;
  for (let above = posix.dirname(path); above !== '.'; above = posix.dirname(above)) {
    if (links.has(above)) throw refused(name, `it would be written through the link ${above}`);
  }
  const target = join(root, path);
  if (type === 'directory') {
    await mkdir(target, { recursive: true });
    folders.add(path);
    return;
  }
  const folder = posix.dirname(path);
  if (!folders.has(folder)) await mkdir(join(root, folder), { recursive: true });
  folders.add(folder);
  if (type === 'file' || type === 'contiguous-file') {
    const bytes = await readBytes(entry, fileLimitBytes);
    // A later layer may replace a link: then the link goes, not what it points to.
    if (links.delete(path)) await rm(target, { force: true });
    const mode = (entry.header.mode & 0o111) === 0 ? 0o644 : 0o755;
    await writeFile(target, bytes, { mode });
  } else if (type === 'symlink') {
    const to = linkname.startsWith('/') ? linkname : posix.join('/', posix.dirname(path), linkname);
    const inside = pathInside(posix.relative('/', posix.normalize(to)));
    const depth = posix.dirname(path) === '.' ? 0 : posix.dirname(path).split('/').length;
    const climbs = posix
      .normalize(linkname)
      .split('/')
      .filter((step) => step === '..').length;
    if (!linkname.startsWith('/') && climbs > depth)
      throw refused(name, `it is a link to ${linkname}, outside the image`);
    await rm(target, { force: true });
    await symlink(posix.relative(posix.join('/', posix.dirname(path)), posix.join('/', inside)) || '.', target);
    links.add(path);
  } else if (type === 'link') {
    const inside = pathInside(linkname);
    if (links.has(inside)) throw refused(name, `it is a link to the link ${linkname}`);
    await rm(target, { force: true });
    await link(join(root, inside), target);
  } else {
    throw refused(name, `it is a ${type}`);
  }
}

function refused(name: string, found: string): DeliveryError {
  return new DeliveryError(
    'refused',
    `layer entry \`${name}\`: expected a plain file, folder or link inside the image; ${found}`,
  );
}
