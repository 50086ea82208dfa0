import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Unpacked, unpackImage } from '../../image/unpack.ts';
import { parseImageConfig } from '../../registry/oci.ts';
import { archive } from '../registry/sample-image.ts';

const config = parseImageConfig(
  Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}'),
);
let folder: string;
let root: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-unpack-'));
  root = join(folder, 'root');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function unpack(...layers: Parameters<typeof archive>[0][]): Promise<Unpacked> {
  const files = await Promise.all(
    layers.map(async (entries, index) => {
      const path = join(folder, `layer-${index}`);
      await writeFile(path, await archive(entries));
      return { path, digest: `sha256:${index}` as const, mediaType: 'application/vnd.oci.image.layer.v1.tar' };
    }),
  );
  return unpackImage({ layers: files, config }, root);
}

describe('unpacking an image', () => {
  it('lays the layers on each other', async () => {
    const unpacked = await unpack(
      [
        { name: 'srv/', type: 'directory' },
        { name: 'srv/a.js', content: 'old' },
        { name: './srv/deep/b.js', content: 'b', mode: 0o755 },
      ],
      [{ name: 'srv/a.js', content: 'new' }],
    );
    expect(unpacked).toEqual({ root, config });
    expect(await readFile(join(root, 'srv/a.js'), 'utf8')).toBe('new');
    expect((await stat(join(root, 'srv/deep/b.js'))).mode & 0o111).not.toBe(0);
  });

  it('keeps links that stay inside', async () => {
    await unpack([
      { name: 'srv/real.js', content: 'real' },
      { name: 'srv/bin/near', type: 'symlink', linkname: '../real.js' },
      { name: 'srv/bin/far', type: 'symlink', linkname: '/srv/real.js' },
      { name: 'srv/hard', type: 'link', linkname: 'srv/real.js' },
    ]);
    for (const name of ['bin/near', 'bin/far', 'hard']) {
      expect(await readFile(join(root, 'srv', name), 'utf8')).toBe('real');
    }
    expect(await readlink(join(root, 'srv/bin/far'))).toBe('../real.js');
  });

  it('replaces a link by a file without following it', async () => {
    await unpack(
      [
        { name: 'a', content: 'kept' },
        { name: 'b', type: 'symlink', linkname: 'a' },
      ],
      [{ name: 'b', content: 'file' }],
    );
    expect([await readFile(join(root, 'a'), 'utf8'), await readFile(join(root, 'b'), 'utf8')]).toEqual([
      'kept',
      'file',
    ]);
  });

  it.each<[string, Parameters<typeof archive>[0]]>([
    ['a path that climbs out', [{ name: '../evil', content: 'x' }]],
    ['a path that climbs out later', [{ name: 'srv/../../evil', content: 'x' }]],
    ['a link out', [{ name: 'srv/out', type: 'symlink', linkname: '../../etc/passwd' }]],
    ['a hard link out', [{ name: 'out', type: 'link', linkname: '../evil' }]],
    [
      'a file written through a link',
      [
        { name: 'here', type: 'symlink', linkname: 'there' },
        { name: 'here/evil', content: 'x' },
      ],
    ],
    [
      'a hard link to a link',
      [
        { name: 'here', type: 'symlink', linkname: 'there' },
        { name: 'hard', type: 'link', linkname: 'here' },
      ],
    ],
    ['a device', [{ name: 'dev/null', type: 'character-device' }]],
    ['a pipe', [{ name: 'pipe', type: 'fifo' }]],
    ['a removed file', [{ name: 'srv/.wh.a.js', content: '' }]],
    ['a removed folder', [{ name: 'srv/.wh..wh..opq', content: '' }]],
  ])('refuses %s', async (_name, entries) => {
    await expect(unpack(entries)).rejects.toMatchObject({ code: 'refused' });
    expect(await readdir(folder)).not.toContain('evil');
  });

  it('keeps an absolute path below the root', async () => {
    await unpack([{ name: '/etc/hosts', content: 'ours' }]);
    expect(await readFile(join(root, 'etc/hosts'), 'utf8')).toBe('ours');
  });

  it('refuses what is no archive', async () => {
    const path = join(folder, 'garbage');
    await writeFile(path, Buffer.alloc(2048, 7));
    const layer = { path, digest: 'sha256:0' as const, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };
    await expect(unpackImage({ layers: [layer], config }, root)).rejects.toMatchObject({ code: 'document-invalid' });
  });
});
