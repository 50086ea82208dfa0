// The ledger's appends from inside GitHub Actions: commits that GitHub itself makes and signs, on the condition that the branch ends where it was read.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import type { AppendCommit, LedgerCommit } from '../contract/ports.ts';
import type { GithubConnection } from './client.ts';

/** https://docs.github.com/graphql/reference/mutations#createcommitonbranch */
export const createCommit = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`;

/** `owner/name` of a ledger that lies on that GitHub, however its URL is written; `undefined` for any other. */
export function repositoryOnGithub(ledger: string, serverUrl: string): string | undefined {
  const { host } = new URL(serverUrl);
  const match = /^(?:(?:https?|ssh):\/\/(?:[^@/]+@)?|[^@/:]+@)([^/]+?)[/:]([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(ledger);
  return match?.[1] === host ? match[2] : undefined;
}

/** `variables.input` of that mutation. https://docs.github.com/graphql/reference/input-objects#createcommitonbranchinput */
export function commitInput(repository: string, branch: string, commit: LedgerCommit & { readonly expected: string }) {
  const [headline = '', ...more] = commit.headline.split('\n');
  return {
    branch: { repositoryNameWithOwner: repository, branchName: branch },
    expectedHeadOid: commit.expected,
    clientMutationId: commit.append,
    message: { headline, body: [...more, `Append: ${commit.append}`].join('\n') },
    fileChanges: {
      additions: commit.files.map(({ path, text }) => ({ path, contents: Buffer.from(text).toString('base64') })),
    },
  };
}

/**
 * One request and no second try: whether an unanswered one arrived is seen in the branch, by whoever asked, before it is said again.
 * The first commit of a branch is made through the Git data API, because the mutation wants a branch that exists; it is not signed.
 */
export function githubCommits(connection: GithubConnection, branch: string, ask: typeof fetch = fetch): AppendCommit {
  const { repository, apiUrl } = connection;
  return async (commit) => {
    const { expected } = commit;
    if (expected === undefined) return createBranch(connection, branch, commit, ask);
    // Enterprise Server: REST is at /api/v3, GraphQL at /api/graphql.
    const url = `${apiUrl.replace(/\/$/, '').replace(/\/v3$/, '')}/graphql`;
    const variables = { input: commitInput(repository, branch, { ...commit, expected }) };
    const { data } = await post(connection, url, { query: createCommit, variables }, graphqlAnswer, ask);
    const made = data.data?.createCommitOnBranch?.commit?.oid;
    if (made !== undefined) return made;
    const [error] = data.errors ?? [];
    if (error === undefined) throw unclear(url, 'neither a commit nor an error');
    if (error.type === 'STALE_DATA') return undefined;
    const what = `${url}: ${error.type ?? 'an error'}: ${error.message}`;
    // Without a type it is GitHub's own trouble: "Something went wrong while executing your query".
    if (error.type === undefined || passing.has(error.type)) throw unclear(url, what);
    throw refusal(connection, what);
  };
}

const passing: ReadonlySet<string> = new Set(['RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'INTERNAL']);

async function createBranch(
  connection: GithubConnection,
  branch: string,
  { append, headline, files }: LedgerCommit,
  ask: typeof fetch,
): Promise<string | undefined> {
  const url = (path: string) => `${connection.apiUrl.replace(/\/$/, '')}/repos/${connection.repository}/git/${path}`;
  const entries = files.map(({ path, text }) => ({ path, mode: '100644', type: 'blob', content: text }));
  const tree = (await post(connection, url('trees'), { tree: entries }, objectAnswer, ask)).data.sha;
  const message = `${headline}\n\nAppend: ${append}`;
  const { sha } = (await post(connection, url('commits'), { message, tree, parents: [] }, objectAnswer, ask)).data;
  const ref = { ref: `refs/heads/${branch}`, sha };
  // 422: somebody else made the branch in the meantime.
  const { status } = await post(connection, url('refs'), ref, z.unknown(), ask, [422]);
  return status === 422 ? undefined : sha;
}

const objectAnswer = z.object({ sha: z.string() });
const graphqlAnswer = z.object({
  data: z
    .object({
      createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }).nullish() }).nullish(),
    })
    .nullish(),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).optional(),
});

async function post<T>(
  connection: GithubConnection,
  url: string,
  body: object,
  schema: z.ZodType<T>,
  ask: typeof fetch,
  expected: readonly number[] = [],
): Promise<{ readonly status: number; readonly data: T }> {
  const answer = await ask(url, {
    method: 'POST',
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${connection.token}`,
      'content-type': 'application/json',
      'user-agent': 'trireme',
      'x-github-api-version': '2022-11-28',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs),
  }).catch((cause: unknown) => {
    throw unclear(url, 'no answer', cause);
  });
  const { status } = answer;
  const value: unknown = await answer.json().catch(() => undefined);
  if (status >= 500) throw unclear(url, `HTTP ${status}`);
  if (status === 429 || (status === 403 && isLimit(answer))) throw unclear(url, `HTTP ${status}: too many requests`);
  if (!answer.ok && !expected.includes(status)) {
    const said = z.object({ message: z.string() }).safeParse(value).data?.message ?? '';
    throw refusal(connection, `${url}: HTTP ${status} ${said}`.trim());
  }
  const parsed = schema.safeParse(expected.includes(status) ? {} : value);
  // It may have been done all the same.
  if (!parsed.success) throw unclear(url, `an answer of another shape: ${z.prettifyError(parsed.error)}`);
  return { status, data: parsed.data };
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function isLimit({ headers }: Response): boolean {
  return headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0';
}

const patienceMs = 30_000;

function unclear(url: string, found: string, cause?: unknown): DeliveryError {
  return new DeliveryError('errored', `could not append to the ledger at ${url}: ${found}`, {
    hint: 'GitHub did not answer as it should: run the command again',
    cause,
  });
}

function refusal({ repository }: GithubConnection, what: string): DeliveryError {
  return new DeliveryError('refused', `GitHub refuses to append to the ledger in ${repository}: ${what}`, {
    hint: 'the job needs `permissions: contents: write`, and no ruleset may keep it from updating the ledger branch',
  });
}
