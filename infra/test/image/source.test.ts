import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSource, repositoryName } from '../../image/source.ts';
import { commitAll, makeCheckout, writeFiles } from './sample-checkout.ts';

const run = promisify(execFile);
let folder: string;
let root: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-source-'));
  root = join(folder, 'winery');
  await makeCheckout(root);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the source of a release', () => {
  it('is the commit, and whoever wrote it', async () => {
    const commit = await commitAll(root, 'grace', 'Second\n\nCo-authored-by: Joan <joan@example.org>');
    expect(await readSource(root)).toEqual({
      repository: 'winery',
      commit,
      dirty: false,
      authors: ['Joan <joan@example.org>', 'grace <grace@example.org>'],
    });
  });

  it('has everyone who wrote since the previous release as its authors', async () => {
    const previous = await commitAll(root, 'ada', 'Released');
    await commitAll(root, 'grace', 'One');
    await commitAll(root, 'joan', 'Two');
    await commitAll(root, 'grace', 'Three');
    expect((await readSource(root, previous)).authors).toEqual([
      'grace <grace@example.org>',
      'joan <joan@example.org>',
    ]);
  });

  it('has the newest commit’s author when nothing was written since', async () => {
    const previous = await commitAll(root, 'ada', 'Released');
    expect((await readSource(root, previous)).authors).toEqual(['ada <ada@example.org>']);
  });

  it.each([
    ['an edited file', { 'app/serving/main.ts': 'edited' }],
    ['a new file', { 'app/serving/new.ts': '' }],
  ])('is dirty with %s, and whoever has it here is an author', async (_name, contents) => {
    await run('git', ['-C', root, 'config', 'user.name', 'here']);
    await run('git', ['-C', root, 'config', 'user.email', 'here@example.org']);
    await writeFiles(root, contents);
    expect(await readSource(root)).toMatchObject({
      dirty: true,
      authors: ['ada <ada@example.org>', 'here <here@example.org>'],
    });
  });

  it('is not dirty with what git ignores', async () => {
    await writeFiles(root, { 'app/serving/debug.log': '' });
    expect((await readSource(root)).dirty).toBe(false);
  });

  it('is not dirty with the credentials that a job’s login to Google Cloud leaves in it', async () => {
    await copyFile(new URL('../../../.gitignore', import.meta.url), join(root, '.gitignore'));
    await commitAll(root, 'ada', 'As this repository ignores');
    // https://github.com/google-github-actions/auth#prerequisites
    await writeFiles(root, { 'gha-creds-0123456789abcdef.json': '{}' });
    expect((await readSource(root)).dirty).toBe(false);
  });

  it('is missing outside a git repository, and before the first commit', async () => {
    await expect(readSource(folder)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('git init'),
    });
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await run('git', ['init', '-q', empty]);
    await expect(readSource(empty)).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('git commit'),
    });
  });

  it('can not be told from a clone that lacks the previous release', async () => {
    await expect(readSource(root, 'f'.repeat(40))).rejects.toMatchObject({ code: 'errored' });
  });
});

it.each([
  ['git@github.com:owner/name.git', 'github.com/owner/name'],
  ['https://github.com/owner/name', 'github.com/owner/name'],
  ['https://user:token@github.com/owner/name.git', 'github.com/owner/name'],
  ['ssh://git@example.org:2222/owner/name.git/', 'example.org/owner/name'],
  ['/srv/git/name.git', 'folder'],
  ['', 'folder'],
])('a remote %s is called %s', (origin, expected) => {
  expect(repositoryName(origin, '/home/ada/folder')).toBe(expected);
});
