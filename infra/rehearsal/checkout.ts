// The stage: a fresh git checkout of this project with a `.trireme` of its own, in which Dana, a developer, commits.
// Whatever the user's own checkout holds, commits or not, the rehearsal's releases come from clean commits with known authors.
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DeliveryError } from '../contract/errors.ts';
import { linkPackages } from './link-packages.ts';

const run = promisify(execFile);

export const author = { name: 'Dana Developer', email: 'dana@trireme.example' } as const;

export interface Checkout {
  readonly root: string;
  /** Rewrites one file; the change is committed with the next `commit`. */
  edit(file: string, change: (text: string) => string): Promise<void>;
  /** @returns the commit's id: with the same files and message, the same one on every machine. */
  commit(message: string): Promise<string>;
}

/** @param searchPath where `git` is looked for. @throws DeliveryError `git-missing`. */
export async function createCheckout(project: string, root: string, searchPath: string): Promise<Checkout> {
  const git = gitIn(root, searchPath);
  await mkdir(root, { recursive: true });
  for (const file of await sourceFiles(project)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await cp(path.join(project, file), path.join(root, file), { verbatimSymlinks: true });
  }
  await linkPackages(project, root);
  await git('init', '--quiet', '--initial-branch=main');
  // A link named like the ignored folder is not ignored by a pattern that ends in a slash.
  await writeFile(path.join(root, '.git', 'info', 'exclude'), 'node_modules\n');

  const edit: Checkout['edit'] = async (file, change) => {
    const before = await readFile(path.join(root, file), 'utf8');
    const after = change(before);
    if (after === before)
      throw new Error(`the rehearsal's edit of ${file} changed nothing: has the file's form changed?`);
    await writeFile(path.join(root, file), after);
  };
  const commit: Checkout['commit'] = async (message) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', message);
    return (await git('rev-parse', 'HEAD')).trim();
  };
  return { root, edit, commit };
}

/** Everything git would track; without git's help (a downloaded archive), everything but what is made. */
async function sourceFiles(project: string): Promise<string[]> {
  try {
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: project,
      maxBuffer: 64 << 20,
    });
    const listed = stdout.split('\0').filter((file) => file !== '');
    const present = new Set(await everyFile(project));
    const files = [...new Set(listed)].filter((file) => present.has(file));
    if (files.length > 0) return files;
  } catch {
    // not a repository
  }
  return everyFile(project);
}

async function everyFile(project: string, folder = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(project, folder), { withFileTypes: true })) {
    if (['node_modules', '.git', '.trireme'].includes(entry.name)) continue;
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await everyFile(project, file)));
    else files.push(file);
  }
  return files;
}

function gitIn(cwd: string, searchPath: string): (...words: string[]) => Promise<string> {
  const { name, email } = author;
  const date = '2026-01-01T00:00:00Z';
  const identity = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
    // The person's own hooks, signing and templates have no part in the story.
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };
  return async (...words) => {
    try {
      return (await run('git', words, { cwd, env: { PATH: searchPath, ...identity } })).stdout;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new DeliveryError('git-missing', 'expected the `git` command; found none on PATH', {
        hint: 'install git (https://git-scm.com/downloads) and run the rehearsal again',
        cause: error,
      });
    }
  };
}
