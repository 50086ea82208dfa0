import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  artifactDirectory,
  artifactFiles,
  digestOf,
  lineageFile,
  readArtifact,
  sumsFile,
  writeArtifact,
} from '../../model/artifact.ts';
import { temporaryFolder, wineArtifact } from '../wine.ts';

describe('model artifact', () => {
  let wine: Awaited<ReturnType<typeof wineArtifact>>;
  beforeAll(async () => {
    wine = await wineArtifact();
  });

  async function copy(): Promise<string> {
    const directory = path.join(await temporaryFolder(), 'wine');
    await cp(wine.directory, directory, { recursive: true });
    return directory;
  }

  it('is read back as it was written, under the digest it is named by', async () => {
    const artifact = await readArtifact(wine.directory, wine.digest);
    expect(artifact.digest).toBe(wine.digest);
    expect(artifact.model).toEqual(wine.model);
    expect(artifact.golden.cases.length).toBeGreaterThanOrEqual(16);
    expect(wine.directory).toBe(artifactDirectory(wine.store, wine.digest));
  });

  it.each([...artifactFiles, sumsFile])(
    'is refused, and the file named, when one byte of %s is changed',
    async (file) => {
      const directory = await copy();
      const bytes = await readFile(path.join(directory, file));
      for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(path.join(directory, file), changed);
        const error = await readArtifact(directory).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'artifact-damaged' });
        expect(String(error)).toContain(file);
      }
    },
  );

  it.each([...artifactFiles, sumsFile])('is refused, and the file named, when %s is missing', async (file) => {
    const directory = await copy();
    await rm(path.join(directory, file));
    await expect(readArtifact(directory)).rejects.toMatchObject({
      code: 'artifact-incomplete',
      message: expect.stringContaining(file),
    });
  });

  it('is refused when a byte is added, a file, a folder or a link', async () => {
    const longer = await copy();
    await appendFile(path.join(longer, sumsFile), '\n');
    await expect(readArtifact(longer)).rejects.toMatchObject({
      code: 'artifact-damaged',
      message: expect.stringContaining(sumsFile),
    });
    const more = await copy();
    await writeFile(path.join(more, 'extra.bin'), 'x');
    await expect(readArtifact(more)).rejects.toMatchObject({
      code: 'artifact-damaged',
      message: expect.stringContaining('extra.bin'),
    });
    const deeper = await copy();
    await mkdir(path.join(deeper, 'extra'));
    await expect(readArtifact(deeper)).rejects.toMatchObject({ code: 'artifact-damaged' });
    const linked = await copy();
    await symlink('model.json', path.join(linked, 'link.json'));
    await expect(readArtifact(linked)).rejects.toMatchObject({ code: 'artifact-damaged' });
  });

  it('keeps its digest when the lineage changes or is taken away, and has another when all files are consistently others', async () => {
    const directory = await copy();
    await writeFile(path.join(directory, lineageFile), '{"host":"elsewhere"}');
    expect((await readArtifact(directory)).digest).toBe(wine.digest);
    await rm(path.join(directory, lineageFile));
    expect((await readArtifact(directory)).digest).toBe(wine.digest);

    const other = await writeArtifact(await temporaryFolder(), { ...wine.contents, 'card.md': 'another card' }, {});
    await expect(readArtifact(other.directory, wine.digest)).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('has the digest that other tools make of its list of files, in whatever order they are found', () => {
    const files: [string, Uint8Array][] = [
      ['b', Buffer.from('2')],
      ['a', Buffer.from('1')],
      [lineageFile, Buffer.from('3')],
    ];
    expect(digestOf(new Map(files))).toBe(digestOf(new Map(files.slice(0, 2).reverse())));
    // Made with other tools: printf '[{"path":"a","sha256":"<of 1>","size":1},{"path":"b","sha256":"<of 2>","size":1}]' | sha256sum
    expect(digestOf(new Map(files))).toBe('sha256:734b4c6ec1aead903ed4e06e50eb4ee759257f452623865006426e5bb8cd7df6');
  });

  it('is written once: the same contents again change nothing, a damaged copy is replaced', async () => {
    const store = await temporaryFolder();
    expect(await writeArtifact(store, wine.contents, { run: 1 })).toMatchObject({ written: true, digest: wine.digest });
    expect(await writeArtifact(store, wine.contents, { run: 2 })).toMatchObject({ written: false });
    const directory = artifactDirectory(store, wine.digest);
    expect(await readFile(path.join(directory, lineageFile), 'utf8')).toContain('1');
    await rm(path.join(directory, 'weights.bin'));
    expect(await writeArtifact(store, wine.contents, { run: 3 })).toMatchObject({ written: true });
    await readArtifact(directory, wine.digest);
  });

  it('is written whole by several writers at once, and nothing else stays in the store', async () => {
    const store = await temporaryFolder();
    const results = await Promise.all([1, 2, 3].map((run) => writeArtifact(store, wine.contents, { run })));
    for (const { directory } of results) await readArtifact(directory, wine.digest);
    expect(await readdir(store)).toEqual([wine.digest.replace('sha256:', '')]);
  });

  it('says what to do when the store cannot be written, and leaves no half of it behind', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'file'), '');
    await expect(writeArtifact(path.join(folder, 'file'), wine.contents, {})).rejects.toMatchObject({
      code: 'store-unwritable',
    });
    expect(await readdir(folder)).toEqual(['file']);
  });
});
