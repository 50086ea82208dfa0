// Puts people and a repository into the emulated GitHub, from one document: what a test, a rehearsal or the command line starts with.
import { z } from 'zod';
import { type Commit, type CommitSource, commitsInMemory, commitsOnDisk } from './git.ts';
import { type GithubState, now, type Person, type Repository } from './state.ts';

const signature = z.strictObject({ name: z.string(), email: z.string(), date: z.string().optional() });
export const arrangement = z.strictObject({
  people: z
    .array(z.strictObject({ login: z.string(), name: z.string().optional(), emails: z.array(z.string()).default([]) }))
    .default([]),
  teams: z.array(z.strictObject({ slug: z.string(), members: z.array(z.string()) })).default([]),
  /** `owner/name`. */
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  ownerType: z.enum(['User', 'Organization']).default('Organization'),
  plan: z.enum(['free', 'team', 'enterprise']).default('free'),
  private: z.boolean().default(false),
  roles: z.record(z.string(), z.enum(['read', 'write', 'admin'])).default({}),
  workflows: z.array(z.string()).default(['ci.yml', 'release.yml', 'promote.yml', 'rollback.yml']),
  /** A bare repository on disk, instead of the commits below. */
  gitDirectory: z.string().optional(),
  /** Oldest first; each one's parent is the one before it. */
  commits: z
    .array(
      z.strictObject({
        sha: z.string(),
        message: z.string().default('A change'),
        author: signature,
        committer: signature.optional(),
      }),
    )
    .default([]),
  immutableSubject: z.boolean().default(false),
});
export type Arrangement = z.input<typeof arrangement>;

/** People who are there stay; a repository of that name is made anew. */
export function arrange(state: GithubState, wanted: Arrangement): Repository {
  const given = arrangement.parse(wanted);
  const [owner = '', name = ''] = given.repository.split('/');
  for (const { login, name: fullName = login, emails } of given.people) person(state, login, { fullName, emails });
  person(state, owner, { type: given.ownerType });
  person(state, 'github-actions[bot]', { type: 'Bot' });
  for (const { slug, members } of given.teams) {
    state.teams.set(slug, { id: state.teams.get(slug)?.id ?? state.nextId(), slug, members });
  }
  state.plans.set(owner, given.plan);
  const repository: Repository = {
    id: state.nextId(),
    owner,
    name,
    private: given.private,
    defaultBranch: 'main',
    roles: given.roles,
    commits: sourceOf(given),
    gitDirectory: given.gitDirectory,
    workflows: given.workflows,
    environments: new Map(),
    variables: new Map(),
    runs: new Map(),
    rulesets: new Map(),
    deployments: [],
    issues: new Map(),
    attestations: new Map(),
    oidc: { useDefault: true, claims: [], immutable: given.immutableSubject },
  };
  state.repositories.set(given.repository.toLowerCase(), repository);
  return repository;
}

function person(
  state: GithubState,
  login: string,
  {
    fullName = login,
    emails = [],
    type = 'User',
  }: { fullName?: string; emails?: readonly string[]; type?: Person['type'] },
): void {
  if (state.people.has(login)) return;
  state.people.set(login, { login, id: state.nextId(), name: fullName, emails, type });
}

function sourceOf({ gitDirectory, commits }: z.output<typeof arrangement>): CommitSource {
  if (gitDirectory !== undefined) return commitsOnDisk(gitDirectory);
  const dated = (one: z.output<typeof signature>) => ({ ...one, date: one.date ?? now() });
  const list = commits.map(
    ({ sha, message, author, committer = author }, index): Commit => ({
      sha,
      tree: sha,
      message,
      author: dated(author),
      committer: dated(committer),
      parents: index === 0 ? [] : [commits[index - 1]?.sha ?? ''],
    }),
  );
  return commitsInMemory(list, { main: list.at(-1)?.sha ?? '' });
}
