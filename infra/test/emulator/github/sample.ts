// A public repository of an organisation with people in roles, and three commits: alice and bob wrote, rita reviews, ada administers.
import { type Arrangement, arrange } from '../../../emulator/github/arrange.ts';
import { type EmulatedGithub, type GithubOptions, startGithub } from '../../../emulator/github/github.ts';
import type { Repository } from '../../../emulator/github/state.ts';

export const shas = { first: '1'.repeat(40), second: '2'.repeat(40), third: '3'.repeat(40) };

export const sample: Arrangement = {
  people: [
    { login: 'alice', emails: ['alice@example.org'] },
    { login: 'bob', emails: ['bob@example.org'] },
    { login: 'rita', emails: ['rita@example.org'] },
    { login: 'ada', emails: ['ada@example.org'] },
  ],
  teams: [{ slug: 'release-managers', members: ['rita', 'ada'] }],
  repository: 'acme/trireme',
  roles: { alice: 'write', bob: 'write', rita: 'read', ada: 'admin' },
  commits: [
    { sha: shas.first, author: { name: 'Ada', email: 'ada@example.org' } },
    { sha: shas.second, author: { name: 'Alice', email: 'alice@example.org' } },
    {
      sha: shas.third,
      message: 'Two heads\n\nCo-authored-by: Bob <77+bob@users.noreply.github.com>',
      author: { name: 'A. L.', email: 'alice@example.org' },
    },
  ],
};

export interface SampleGithub extends EmulatedGithub {
  readonly repository: Repository;
  /** As a person (`rita`), a run's own token (`actions:<id>`), or nobody. */
  ask(
    as: string | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; headers: Headers }>;
}

export async function sampleGithub(
  change: Partial<Arrangement> = {},
  options: GithubOptions = {},
): Promise<SampleGithub> {
  const github = await startGithub(options);
  const repository = arrange(github.state, { ...sample, ...change });
  return {
    ...github,
    repository,
    async ask(as, method, path, body) {
      const token = as === undefined || as.includes(':') ? as : `user:${as}`;
      const url = path.startsWith('/')
        ? `${github.url}${path}`
        : `${github.url}/repos/acme/trireme/${path}`.replace(/\/$/, '');
      const response = await fetch(url, {
        method,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
    },
  };
}
