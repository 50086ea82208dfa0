// What git says of the checkout a release is made from: which commit, whether it is whole, and who wrote it.
import { basename } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import { git, runGit } from '../ledger/git-command.ts';

export interface Source {
  /** `github.com/owner/name`, or the folder's name where there is no remote. Never with a login in it. */
  readonly repository: string;
  readonly commit: string;
  readonly dirty: boolean;
  /** Everyone who wrote a commit since the previous release, and whoever has changes here: `name <email>`, sorted. */
  readonly authors: readonly string[];
}

/**
 * @param since commit of the previous release; without it, or when nothing was committed since, the newest commit's authors.
 * @throws DeliveryError `usage` where there is no git repository or no commit, `git-missing`, `errored` when `since` is not in this clone.
 */
export async function readSource(root: string, since?: string): Promise<Source> {
  const here = ['-C', root];
  const inside = await runGit([...here, 'rev-parse', '--show-toplevel']);
  if (inside.code !== 0) {
    throw new DeliveryError('usage', `expected a git repository; found none at ${root}`, {
      hint: 'a release names the commit it was built from: git init && git add -A && git commit -m "First commit"',
    });
  }
  const head = await runGit([...here, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (head.code !== 0) {
    throw new DeliveryError('usage', `expected a commit in ${root}; found a repository without one`, {
      hint: 'git add -A && git commit -m "First commit"',
    });
  }
  const commit = head.stdout.toString().trim();
  const dirty = (await git([...here, 'status', '--porcelain', '--untracked-files=normal'])).length > 0;
  const [repository, written, present] = await Promise.all([
    originOf(root, inside.stdout.toString().trim()),
    authorsSince(here, commit, since),
    dirty ? currentAuthor(here) : [],
  ]);
  return {
    repository,
    commit,
    dirty,
    authors: [...new Set([...written, ...present])].sort(),
  };
}

/** The repository that a checkout was cloned from. @param toplevel its folder, whose name stands in where it was cloned from nowhere. */
export async function originOf(root: string, toplevel = root): Promise<string> {
  const origin = await runGit(['-C', root, 'config', '--get', 'remote.origin.url']);
  return repositoryName(origin.stdout.toString().trim(), toplevel);
}

/** `git@github.com:owner/name.git` and `https://token@github.com/owner/name` are both `github.com/owner/name`. */
export function repositoryName(origin: string, toplevel: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+?)(?:\.git)?\/?$/i.exec(origin);
  const scp = /^(?:[^@/]+@)?([^/:]+):(.+?)(?:\.git)?\/?$/.exec(origin);
  const [, host, path] = url ?? scp ?? [];
  return host === undefined || path === undefined ? basename(toplevel) : `${host}/${path}`;
}

async function authorsSince(here: readonly string[], commit: string, since: string | undefined): Promise<string[]> {
  if (since !== undefined && since !== commit) {
    const known = await runGit([...here, 'cat-file', '-e', `${since}^{commit}`]);
    if (known.code !== 0) {
      throw new DeliveryError(
        'errored',
        `expected the previous release's commit ${since} in this clone; it is not here`,
        {
          hint: 'fetch the whole history: git fetch --unshallow',
        },
      );
    }
    const authors = await authorsOf(here, [`${since}..${commit}`]);
    if (authors.length > 0) return authors;
  }
  return authorsOf(here, ['--max-count=1', commit]);
}

/** Every path that one commit has otherwise than the other, sorted; `undefined` when this clone has not both. */
export async function changedPaths(root: string, from: string, to: string): Promise<readonly string[] | undefined> {
  if (from === to) return [];
  const words = ['diff', '--name-only', '--no-renames', '--no-ext-diff', '-z', `${from}^{commit}`, `${to}^{commit}`];
  const { code, stdout } = await runGit(['-C', root, ...words, '--']);
  if (code !== 0) return undefined;
  return stdout
    .toString()
    .split('\0')
    .filter((path) => path !== '')
    .sort();
}

/** Co-authors count: none of them may approve what they wrote. */
async function authorsOf(here: readonly string[], range: readonly string[]): Promise<string[]> {
  const format = '--format=%aN <%aE>%n%(trailers:key=Co-authored-by,valueonly,unfold)';
  const lines = (await git([...here, 'log', format, ...range])).toString().split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

async function currentAuthor(here: readonly string[]): Promise<string[]> {
  const identity = await runGit([...here, 'var', 'GIT_AUTHOR_IDENT']);
  const author = /^(.+ <[^>]*>)/.exec(identity.stdout.toString())?.[1];
  return author === undefined ? [] : [author];
}
