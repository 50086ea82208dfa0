// What a repository collects, as REST routes: deployments, attestations, issues.
import { z } from 'zod';
import { deploymentDocument, issueDocument } from './documents.ts';
import { hasPrivateExtras, type Issue, now } from './state.ts';
import { type Answer, GithubRefusal, notFound, page, type RepositoryAsked, type Route } from './wire.ts';

const home = '/repos/:owner/:repo';
const labels = z.array(z.union([z.string(), z.object({ name: z.string() })]));
const newIssue = z.object({ title: z.string().min(1), body: z.string().default(''), labels: labels.default([]) });
const changedIssue = z.object({
  title: z.string().optional(),
  body: z.string().optional(),
  state: z.enum(['open', 'closed']).optional(),
  labels: labels.optional(),
});
const attestationBody = z.object({
  bundle: z.looseObject({ dsseEnvelope: z.looseObject({ payload: z.string() }) }),
});
const statement = z.looseObject({
  subject: z.array(z.looseObject({ digest: z.record(z.string(), z.string()) })).min(1),
});

export const recordRoutes: readonly Route[] = [
  ['GET', `${home}/deployments`, ['deployments', 'read'], deployments],
  ['GET', `${home}/attestations/:digest`, ['attestations', 'read'], attestations],
  ['POST', `${home}/attestations`, ['attestations', 'write'], attest],
  ['GET', `${home}/issues`, ['issues', 'read'], issues],
  ['POST', `${home}/issues`, ['issues', 'read'], createIssue],
  ['PATCH', `${home}/issues/:issue`, ['issues', 'write'], changeIssue],
];

function deployments({ state, repository, query, origin }: RepositoryAsked): Answer {
  const environment = query.get('environment');
  const all = repository.deployments.filter((one) => environment === null || one.environment === environment);
  const body = page(all, query).map((one) => deploymentDocument(state, repository, one, origin));
  return { body, total: all.length };
}

function attestations({ repository, params, query }: RepositoryAsked): Answer {
  const found = repository.attestations.get(params.digest ?? '');
  if (found === undefined) throw notFound();
  const body = page(found, query).map((bundle) => ({ bundle, repository_id: repository.id, bundle_url: '' }));
  return { body: { attestations: body }, total: found.length };
}

/** Filed under every subject that the signed statement names. */
function attest(asked: RepositoryAsked): Answer {
  const { state, repository } = asked;
  if (!hasPrivateExtras(state, repository)) {
    throw new GithubRefusal(403, 'Feature not available for private repositories: upgrade to GitHub Enterprise Cloud');
  }
  const { bundle } = asked.body(attestationBody);
  const payload = parsed(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8'));
  const read = statement.safeParse(payload);
  if (!read.success) throw new GithubRefusal(422, 'Invalid bundle');
  for (const { digest } of read.data.subject) {
    const key = `sha256:${digest.sha256 ?? ''}`;
    repository.attestations.set(key, [bundle, ...(repository.attestations.get(key) ?? [])]);
  }
  return { status: 201, body: { id: state.nextId() } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function issues({ state, repository, query, origin }: RepositoryAsked): Answer {
  const wanted = query.get('state') ?? 'open';
  const named = (query.get('labels') ?? '').split(',').filter(Boolean);
  const all = [...repository.issues.values()]
    .filter((issue) => wanted === 'all' || issue.state === wanted)
    .filter((issue) => named.every((label) => issue.labels.includes(label)))
    .reverse();
  return { body: page(all, query).map((one) => issueDocument(state, repository, one, origin)), total: all.length };
}

function namesOf(given: z.infer<typeof labels>): string[] {
  return given.map((label) => (typeof label === 'string' ? label : label.name));
}

function createIssue(asked: RepositoryAsked): Answer {
  const { state, repository, caller, origin } = asked;
  if (caller.login === undefined) throw new GithubRefusal(401, 'Requires authentication');
  const { title, body, labels: given } = asked.body(newIssue);
  const issue: Issue = {
    number: repository.issues.size + 1,
    id: state.nextId(),
    title,
    body,
    state: 'open',
    labels: namesOf(given),
    user: caller.login,
    createdAt: now(),
    updatedAt: now(),
  };
  repository.issues.set(issue.number, issue);
  return { status: 201, body: issueDocument(state, repository, issue, origin) };
}

function changeIssue(asked: RepositoryAsked): Answer {
  const { state, repository, origin } = asked;
  const issue = repository.issues.get(Number(asked.params.issue));
  if (issue === undefined) throw notFound();
  const change = asked.body(changedIssue);
  issue.title = change.title ?? issue.title;
  issue.body = change.body ?? issue.body;
  issue.state = change.state ?? issue.state;
  issue.labels = change.labels === undefined ? issue.labels : namesOf(change.labels);
  issue.updatedAt = now();
  return { body: issueDocument(state, repository, issue, origin) };
}
