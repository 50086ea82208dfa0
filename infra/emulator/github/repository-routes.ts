// The repository itself as REST routes: who it is, its commits and what lies between two of them, people, organisations and teams.
import { commitDocument, personDocument, repositoryDocument, teamDocument } from './documents.ts';
import type { Commit } from './git.ts';
import type { Person } from './state.ts';
import { type Answer, type Asked, type GlobalRoute, notFound, page, type RepositoryAsked, type Route } from './wire.ts';

export const repositoryRoutes: readonly Route[] = [
  ['GET', '/repos/:owner/:repo', ['metadata', 'read'], home],
  ['GET', '/repos/:owner/:repo/commits', ['contents', 'read'], log],
  ['GET', '/repos/:owner/:repo/commits/:ref', ['contents', 'read'], one],
  ['GET', '/repos/:owner/:repo/compare/:basehead', ['contents', 'read'], compare],
];

export const accountRoutes: readonly GlobalRoute[] = [
  ['GET', '/user', ({ caller, ...asked }) => ({ body: account({ caller, ...asked }, caller.login ?? '') })],
  ['GET', '/users/:login', (asked) => ({ body: account(asked, asked.params.login ?? '') })],
  ['GET', '/orgs/:org', organisation],
  ['GET', '/orgs/:org/teams/:team', team],
  ['GET', '/rate_limit', rateLimit],
];

function home({ state, repository, origin }: RepositoryAsked): Answer {
  return { body: repositoryDocument(state, repository, origin) };
}

async function resolve({ repository }: RepositoryAsked, ref: string): Promise<string> {
  const sha = await repository.commits.resolve(ref);
  if (sha === undefined) throw notFound();
  return sha;
}

async function log(asked: RepositoryAsked): Promise<Answer> {
  const sha = await resolve(asked, asked.query.get('sha') ?? asked.repository.defaultBranch);
  const all = await asked.repository.commits.history(sha);
  return { body: page(all, asked.query).map((commit) => shown(asked, commit)), total: all.length };
}

async function one(asked: RepositoryAsked): Promise<Answer> {
  const sha = await resolve(asked, asked.params.ref ?? '');
  const [commit] = await asked.repository.commits.history(sha);
  if (commit === undefined) throw notFound();
  const stats = { additions: 0, deletions: 0, total: 0 };
  return { body: { ...shown(asked, commit), stats, files: [] } };
}

function shown({ state, repository, origin }: RepositoryAsked, commit: Commit) {
  return commitDocument(state, repository, commit, origin);
}

/** Without pages at most 250 commits, however many there are: https://docs.github.com/rest/commits/commits#compare-two-commits */
const mostCommits = 250;

async function compare(asked: RepositoryAsked): Promise<Answer> {
  const { repository, params, query, origin } = asked;
  const [from = '', to = ''] = (params.basehead ?? '').split('...');
  const [base, head] = [await resolve(asked, from), await resolve(asked, to)];
  const [behind, ahead] = [await repository.commits.history(base), await repository.commits.history(head)];
  const ofBase = new Set(behind.map(({ sha }) => sha));
  const ofHead = new Set(ahead.map(({ sha }) => sha));
  const mergeBase = ahead.find(({ sha }) => ofBase.has(sha));
  const baseCommit = behind[0];
  if (mergeBase === undefined || baseCommit === undefined) throw notFound();
  const commits = ahead.filter(({ sha }) => !ofBase.has(sha)).reverse();
  const behindBy = behind.filter(({ sha }) => !ofHead.has(sha)).length;
  const url = `${origin}/repos/${repository.owner}/${repository.name}/compare/${params.basehead}`;
  const html = `https://github.com/${repository.owner}/${repository.name}/compare/${params.basehead}`;
  const paged = query.has('page') || query.has('per_page');
  const given = paged ? page(commits, query) : commits.slice(0, mostCommits);
  const status =
    behindBy > 0 ? (commits.length > 0 ? 'diverged' : 'behind') : commits.length > 0 ? 'ahead' : 'identical';
  return {
    body: {
      url,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: shown(asked, baseCommit),
      merge_base_commit: shown(asked, mergeBase),
      status,
      ahead_by: commits.length,
      behind_by: behindBy,
      total_commits: commits.length,
      commits: given.map((commit) => shown(asked, commit)),
      files: [],
    },
    ...(paged ? { total: commits.length } : {}),
  };
}

function personIn({ state }: Asked, login: string): Person {
  const found = [...state.people.values()].find((person) => person.login.toLowerCase() === login.toLowerCase());
  if (found === undefined) throw notFound();
  return found;
}

function account(asked: Asked, login: string) {
  const person = personIn(asked, login);
  return {
    ...personDocument(person, asked.origin),
    name: person.name,
    company: null,
    blog: null,
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
  };
}

/** Only an owner of the organisation is told its plan. */
function organisation(asked: Asked): Answer {
  const { state, caller, origin, params } = asked;
  const person = personIn(asked, params.org ?? '');
  if (person.type !== 'Organization') throw notFound();
  const { login, id, node_id, avatar_url } = personDocument(person, origin);
  const url = `${origin}/orgs/${login}`;
  const owner = [...state.repositories.values()].some(
    (one) => one.owner === login && caller.login !== undefined && one.roles[caller.login] === 'admin',
  );
  const plan = state.plans.get(login) ?? 'free';
  return {
    body: {
      login,
      id,
      node_id,
      url,
      ...Object.fromEntries(['repos', 'events', 'hooks', 'issues'].map((route) => [`${route}_url`, `${url}/${route}`])),
      members_url: `${url}/members{/member}`,
      public_members_url: `${url}/public_members{/member}`,
      avatar_url,
      description: null,
      has_organization_projects: true,
      has_repository_projects: true,
      public_repos: 1,
      public_gists: 0,
      followers: 0,
      following: 0,
      html_url: `https://github.com/${login}`,
      type: 'Organization',
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      archived_at: null,
      ...(owner ? { plan: { name: plan, space: 976_562_499, private_repos: 999_999 } } : {}),
    },
  };
}

function team(asked: Asked): Answer {
  const found = asked.state.teams.get(asked.params.team ?? '');
  if (found === undefined || asked.caller.login === undefined) throw notFound();
  const { body } = organisation(asked);
  const created = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };
  return {
    body: {
      ...teamDocument(found, asked.origin),
      members_count: found.members.length,
      repos_count: 1,
      ...created,
      organization: body,
    },
  };
}

function rateLimit({ state }: Asked): Answer {
  const { limit, remaining, resetSeconds } = state.rateLimit;
  const reset = Math.floor(Date.now() / 1000) + resetSeconds;
  const core = { limit, remaining, used: limit - remaining, reset };
  return { body: { resources: { core, search: core }, rate: core } };
}
