// GitHub's documents, written from the emulated state: every field that the published schemas require.
// https://github.com/github/rest-api-description
import { Buffer } from 'node:buffer';
import type { Commit, Signature } from './git.ts';
import type { Deployment, GithubState, Issue, Person, Repository, Run, Team } from './state.ts';

/** Node ids are opaque and stable. */
export const nodeId = (kind: string, id: number | string) => Buffer.from(`${kind}:${id}`).toString('base64');

/** Somebody whose account is gone is nobody. */
export function userDocument(state: GithubState, login: string, origin: string) {
  const person = state.people.get(login);
  return person === undefined ? null : personDocument(person, origin);
}

export function personDocument({ login, id, type }: Person, origin: string) {
  const url = `${origin}/users/${encodeURIComponent(login)}`;
  const html = `https://github.com/${encodeURIComponent(login)}`;
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `https://avatars.githubusercontent.com/u/${id}`,
    gravatar_id: '',
    url,
    html_url: html,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
    user_view_type: 'public',
  };
}

export function teamDocument({ id, slug }: Team, origin: string) {
  const url = `${origin}/teams/${id}`;
  return {
    id,
    node_id: nodeId('Team', id),
    url,
    html_url: `https://github.com/orgs/teams/${slug}`,
    name: slug,
    slug,
    description: '',
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'pull',
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
    type: 'organization',
  };
}

const listRoutes =
  'contributors deployments downloads events forks hooks languages merges stargazers subscribers subscription tags teams';
const templates: Readonly<Record<string, string>> = {
  archive: '{archive_format}{/ref}',
  assignees: '{/user}',
  blobs: '{/sha}',
  branches: '{/branch}',
  collaborators: '{/collaborator}',
  comments: '{/number}',
  commits: '{/sha}',
  compare: '{base}...{head}',
  contents: '{+path}',
  git_commits: '{/sha}',
  git_refs: '{/sha}',
  git_tags: '{/sha}',
  issue_comment: '{/number}',
  issue_events: '{/number}',
  issues: '{/number}',
  keys: '{/key_id}',
  labels: '{/name}',
  milestones: '{/number}',
  notifications: '{?since,all,participating}',
  pulls: '{/number}',
  releases: '{/id}',
  statuses: '{sha}',
  trees: '{/sha}',
};

/** Both the full and the minimal repository of the schemas. */
export function repositoryDocument(state: GithubState, repository: Repository, origin: string) {
  const { id, owner, name, private: isPrivate, defaultBranch } = repository;
  const url = `${origin}/repos/${owner}/${name}`;
  const html = `https://github.com/${owner}/${name}`;
  const created = '2026-01-01T00:00:00Z';
  const counts = 'forks_count stargazers_count watchers_count size open_issues_count subscribers_count network_count';
  return {
    id,
    node_id: nodeId('Repository', id),
    name,
    full_name: `${owner}/${name}`,
    owner: userDocument(state, owner, origin),
    private: isPrivate,
    visibility: isPrivate ? 'private' : 'public',
    html_url: html,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(listRoutes.split(' ').map((route) => [`${route}_url`, `${url}/${route}`])),
    ...Object.fromEntries(Object.entries(templates).map(([route, rest]) => [`${route}_url`, `${url}/${route}${rest}`])),
    git_url: `git://github.com/${owner}/${name}.git`,
    ssh_url: `git@github.com:${owner}/${name}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    ...Object.fromEntries(counts.split(' ').map((count) => [count, 0])),
    forks: 0,
    open_issues: 0,
    watchers: 0,
    default_branch: defaultBranch,
    ...Object.fromEntries(
      'issues projects wiki pages downloads discussions'.split(' ').map((has) => [`has_${has}`, has === 'issues']),
    ),
    archived: false,
    disabled: false,
    license: null,
    pushed_at: created,
    created_at: created,
    updated_at: created,
  };
}

/** A commit belongs to the account that has its address; GitHub's own addresses name the login. */
export function loginOf(state: GithubState, { email }: Signature): string | undefined {
  const own = /^(?:\d+\+)?(.+)@users\.noreply\.github\.com$/i.exec(email)?.[1];
  const wanted = email.toLowerCase();
  return [...state.people.values()].find(
    ({ login, emails }) =>
      login.toLowerCase() === own?.toLowerCase() || emails.some((one) => one.toLowerCase() === wanted),
  )?.login;
}

export function commitDocument(state: GithubState, repository: Repository, commit: Commit, origin: string) {
  const url = `${origin}/repos/${repository.owner}/${repository.name}`;
  const html = `https://github.com/${repository.owner}/${repository.name}/commit`;
  const account = (signature: Signature) => userDocument(state, loginOf(state, signature) ?? '', origin);
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: `${url}/commits/${commit.sha}`,
    html_url: `${html}/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    commit: {
      url: `${url}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      verification: { verified: false, reason: 'unsigned', payload: null, signature: null, verified_at: null },
    },
    author: account(commit.author),
    committer: account(commit.committer),
    parents: commit.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}`, html_url: `${html}/${sha}` })),
  };
}

export function runDocument(state: GithubState, repository: Repository, run: Run, origin: string) {
  const url = `${origin}/repos/${repository.owner}/${repository.name}/actions/runs/${run.id}`;
  const home = repositoryDocument(state, repository, origin);
  const workflowId = workflowIdOf(repository, run.workflow);
  return {
    id: run.id,
    name: run.title,
    display_title: run.title,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: run.branch,
    head_sha: run.sha,
    path: run.workflow,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflowId,
    url,
    html_url: `https://github.com/${repository.owner}/${repository.name}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.createdAt,
    actor: userDocument(state, run.actor, origin),
    triggering_actor: userDocument(state, run.triggeringActor, origin),
    ...Object.fromEntries('jobs logs artifacts cancel rerun'.split(' ').map((one) => [`${one}_url`, `${url}/${one}`])),
    check_suite_url: `${origin}/repos/${repository.owner}/${repository.name}/check-suites/${run.id}`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${origin}/repos/${repository.owner}/${repository.name}/actions/workflows/${workflowId}`,
    head_commit: null,
    repository: home,
    head_repository: home,
  };
}

export function workflowIdOf(repository: Repository, workflow: string): number {
  return repository.id * 10 + repository.workflows.findIndex((name) => workflow.endsWith(name)) + 1;
}

export function deploymentDocument(state: GithubState, repository: Repository, deployment: Deployment, origin: string) {
  const home = `${origin}/repos/${repository.owner}/${repository.name}`;
  const url = `${home}/deployments/${deployment.id}`;
  const { id, sha, ref, environment, creator, createdAt } = deployment;
  return {
    url,
    id,
    node_id: nodeId('Deployment', id),
    sha,
    ref,
    task: 'deploy',
    payload: {},
    original_environment: environment,
    environment,
    description: null,
    creator: userDocument(state, creator, origin),
    created_at: createdAt,
    updated_at: createdAt,
    statuses_url: `${url}/statuses`,
    repository_url: home,
  };
}

export function issueDocument(state: GithubState, repository: Repository, issue: Issue, origin: string) {
  const home = `${origin}/repos/${repository.owner}/${repository.name}`;
  const url = `${home}/issues/${issue.number}`;
  return {
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    url,
    repository_url: home,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: `https://github.com/${repository.owner}/${repository.name}/issues/${issue.number}`,
    number: issue.number,
    state: issue.state,
    title: issue.title,
    body: issue.body,
    user: userDocument(state, issue.user, origin),
    labels: issue.labels.map((name) => ({ name })),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    comments: 0,
    closed_at: issue.state === 'closed' ? issue.updatedAt : null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    author_association: 'NONE',
  };
}
