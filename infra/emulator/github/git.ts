// Where the commits of an emulated repository come from: a list in memory, or a bare repository on disk that the git command line reads.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
  readonly parents: readonly string[];
}

export interface CommitSource {
  /** A branch, tag or commit; `undefined` when there is none. */
  resolve(ref: string): Promise<string | undefined>;
  /** The commit and everything it comes from, newest first. */
  history(sha: string): Promise<readonly Commit[]>;
}

/** @param branches name to commit. */
export function commitsInMemory(commits: readonly Commit[], branches: Readonly<Record<string, string>>): CommitSource {
  const known = new Map(commits.map((commit) => [commit.sha, commit]));
  return {
    resolve: async (ref) => branches[ref.replace(/^refs\/heads\//, '')] ?? known.get(ref)?.sha,
    async history(sha) {
      const reached = new Map<string, Commit>();
      const open = [sha];
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        const commit = known.get(next);
        if (commit === undefined || reached.has(next)) continue;
        reached.set(next, commit);
        open.push(...commit.parents);
      }
      return [...reached.values()];
    },
  };
}

const run = promisify(execFile);
const separator = '\x1f';
const format = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x1f');

export function commitsOnDisk(directory: string): CommitSource {
  const git = async (...rest: string[]) =>
    (await run('git', ['--git-dir', directory, ...rest], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  return {
    async resolve(ref) {
      if (ref.startsWith('-')) return undefined;
      return git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`).then(
        (text) => text.trim(),
        () => undefined,
      );
    },
    async history(sha) {
      const text = await git('log', '-z', `--format=${format}`, sha);
      return text.split('\0').filter(Boolean).map(parsed);
    },
  };
}

function parsed(line: string): Commit {
  const [sha = '', tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', ...message] =
    line.split(separator);
  return {
    sha,
    tree,
    parents: parents.split(' ').filter(Boolean),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.join(separator).trimEnd(),
  };
}
