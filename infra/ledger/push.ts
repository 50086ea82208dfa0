// One commit through the git command line: made in the cache, pushed on the condition that the branch still ends where it was read.
import type { AppendCommit } from '../contract/ports.ts';
import { git, runGit } from './git-command.ts';
import { isFolder, makeRepository, unreachable } from './repository.ts';

/** @param seen is moved to what was accepted. @param nowMs milliseconds since the epoch: the commits' own time. */
export function pushCommits(
  { cache, repository, ref, seen }: Readonly<Record<'cache' | 'repository' | 'ref' | 'seen', string>>,
  nowMs: () => number,
): AppendCommit {
  const inCache = [`--git-dir=${cache}`];
  return async ({ expected, append, headline, files }) => {
    if (isFolder(repository)) await makeRepository(repository);
    // Nothing points to the commit until it is accepted but a name of its own.
    const temporary = `refs/trireme/append/${append}`;
    const stream = [
      `commit ${temporary}\nmark :1\n`,
      `committer trireme <trireme@localhost> ${Math.floor(nowMs() / 1000)} +0000\n`,
      data(`${headline}\n\nAppend: ${append}`),
      expected === undefined ? '' : `from ${expected}\n`,
      ...files.map((file) => `M 100644 inline ${file.path}\n${data(file.text)}`),
      '\nget-mark :1\ndone\n',
    ].join('');
    const output = await git([...inCache, 'fast-import', '--quiet', '--done', '--date-format=raw-permissive'], stream);
    const commit = output.toString().trim();
    try {
      const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
      const pushed = await runGit([...inCache, 'push', '--quiet', lease, repository, `${commit}:${ref}`]);
      if (pushed.code !== 0 && !lostTheRace.test(pushed.stderr)) throw unreachable(repository, pushed.stderr);
      const remember = pushed.code === 0 ? `update ${seen} ${commit}\n` : '';
      await runGit([...inCache, 'update-ref', '--stdin'], `${remember}delete ${temporary}\n`);
      return pushed.code === 0 ? commit : undefined;
    } catch (cause) {
      await runGit([...inCache, 'update-ref', '-d', temporary]).catch(() => {});
      throw cause;
    }
  };
}

/** What git says when another writer was first: at the lease, at the ref's lock, or at the remote's own check. */
const lostTheRace = /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|reference already/i;

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
