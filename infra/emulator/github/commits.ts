// Commits that GitHub makes itself, on the bare repository behind an emulated one: `createCommitOnBranch`, and the Git data routes that begin a branch.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { GraphqlError, type Mutation } from './graphql.ts';
import type { Repository } from './state.ts';
import { GithubRefusal, type RepositoryAsked, type Route } from './wire.ts';

const base64 = z.base64();
/** As https://docs.github.com/graphql/reference/input-objects#createcommitonbranchinput has it, for branches named by repository and name. */
const input = z.strictObject({
  branch: z.strictObject({ repositoryNameWithOwner: z.string(), branchName: z.string() }),
  expectedHeadOid: z.string().regex(/^[0-9a-f]{40}$/),
  clientMutationId: z.string().optional(),
  message: z.strictObject({ headline: z.string().min(1), body: z.string().optional() }),
  fileChanges: z.strictObject({
    additions: z.array(z.strictObject({ path: z.string(), contents: base64 })).default([]),
    deletions: z.array(z.strictObject({ path: z.string() })).default([]),
  }),
});

export const createCommitOnBranch: Mutation = async ({ state, caller, input: given }) => {
  const parsed = input.safeParse(given);
  if (!parsed.success) throw new GraphqlError('INVALID', z.prettifyError(parsed.error));
  const { branch, expectedHeadOid, clientMutationId, message, fileChanges } = parsed.data;
  const repository = state.repositories.get(branch.repositoryNameWithOwner.toLowerCase());
  const folder = repository?.gitDirectory;
  const ref = `refs/heads/${branch.branchName}`;
  const head = folder === undefined ? undefined : await resolve(folder, ref);
  if (repository === undefined || folder === undefined || head === undefined) {
    throw new GraphqlError('NOT_FOUND', `No commit exists with specified expectedHeadOid '${expectedHeadOid}'.`);
  }
  if (!mayWrite(repository, caller)) throw new GraphqlError('FORBIDDEN', 'Resource not accessible by integration');
  const stale = new GraphqlError(
    'STALE_DATA',
    `Expected branch to point to "${expectedHeadOid}" but it did not. Pull and try again.`,
  );
  if (head !== expectedHeadOid) throw stale;
  const oid = await commitOn(folder, {
    parent: head,
    message: `${message.headline}\n\n${message.body ?? ''}`,
    additions: fileChanges.additions.map(({ path, contents }) => ({ path, bytes: Buffer.from(contents, 'base64') })),
    deletions: fileChanges.deletions.map(({ path }) => path),
  });
  if (!(await moved(folder, ref, oid, head))) throw stale;
  return { clientMutationId: clientMutationId ?? null, commit: { oid } };
};

const treeBody = z.object({
  base_tree: z.string().optional(),
  tree: z.array(
    z.object({ path: z.string(), mode: z.literal('100644'), type: z.literal('blob'), content: z.string() }),
  ),
});
const commitBody = z.object({ message: z.string(), tree: z.string(), parents: z.array(z.string()).default([]) });
const refBody = z.object({ ref: z.string().startsWith('refs/'), sha: z.string() });

/** https://docs.github.com/rest/git */
export const gitDataRoutes: readonly Route[] = [
  [
    'POST',
    '/repos/:owner/:repo/git/trees',
    ['contents', 'write'],
    async ({ repository, body, origin }) => {
      const folder = folderOf(repository);
      const { tree } = body(treeBody);
      const additions = tree.map(({ path, content }) => ({ path, bytes: Buffer.from(content) }));
      const commit = await commitOn(folder, { message: 'tree', additions });
      const sha = (await git(folder, ['rev-parse', `${commit}^{tree}`])).trim();
      return { status: 201, body: { sha, url: urlOf(repository, origin, `trees/${sha}`), truncated: false, tree: [] } };
    },
  ],
  [
    'POST',
    '/repos/:owner/:repo/git/commits',
    ['contents', 'write'],
    async ({ repository, body, origin }) => {
      const { message, tree, parents } = body(commitBody);
      const words = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
      const sha = (await git(folderOf(repository), [...identity, ...words], message)).trim();
      return { status: 201, body: { sha, message, url: urlOf(repository, origin, `commits/${sha}`) } };
    },
  ],
  ['POST', '/repos/:owner/:repo/git/refs', ['contents', 'write'], createRef],
];

async function createRef({ repository, body, origin }: RepositoryAsked) {
  const { ref, sha } = body(refBody);
  const made = await moved(folderOf(repository), ref, sha, '0'.repeat(40));
  if (!made) throw new GithubRefusal(422, 'Reference already exists');
  const object = { type: 'commit', sha, url: urlOf(repository, origin, `commits/${sha}`) };
  return { status: 201, body: { ref, node_id: ref, url: urlOf(repository, origin, ref), object } };
}

function folderOf({ gitDirectory }: Repository): string {
  if (gitDirectory === undefined) throw new GithubRefusal(409, 'Git Repository is empty.');
  return gitDirectory;
}

function mayWrite({ roles }: Repository, { login, run }: Parameters<Mutation>[0]['caller']): boolean {
  const role = login === undefined ? undefined : roles[login];
  return run !== undefined || role === 'write' || role === 'admin';
}

function urlOf({ owner, name }: Repository, origin: string, path: string): string {
  return `${origin}/repos/${owner}/${name}/git/${path}`;
}

interface Change {
  readonly parent?: string;
  readonly message: string;
  readonly additions: readonly { readonly path: string; readonly bytes: Buffer }[];
  readonly deletions?: readonly string[];
}

/** An object and nothing that points to it. */
async function commitOn(folder: string, { parent, message, additions, deletions = [] }: Change): Promise<string> {
  const temporary = `refs/emulator/${randomUUID()}`;
  const data = (bytes: Buffer | string) =>
    Buffer.concat([Buffer.from(`data ${Buffer.byteLength(bytes)}\n`), Buffer.from(bytes), Buffer.from('\n')]);
  const stream = Buffer.concat([
    Buffer.from(
      `commit ${temporary}\nmark :1\ncommitter GitHub <noreply@github.com> ${Math.floor(Date.now() / 1000)} +0000\n`,
    ),
    data(message),
    Buffer.from(parent === undefined ? '' : `from ${parent}\n`),
    ...deletions.map((path) => Buffer.from(`D ${path}\n`)),
    ...additions.flatMap(({ path, bytes }) => [Buffer.from(`M 100644 inline ${path}\n`), data(bytes)]),
    Buffer.from('\nget-mark :1\ndone\n'),
  ]);
  try {
    return (await git(folder, ['fast-import', '--quiet', '--done'], stream)).trim();
  } finally {
    await git(folder, ['update-ref', '-d', temporary]).catch(() => {});
  }
}

/** Compare-and-swap by git itself. */
function moved(folder: string, ref: string, to: string, from: string): Promise<boolean> {
  return git(folder, ['update-ref', ref, to, from]).then(
    () => true,
    () => false,
  );
}

function resolve(folder: string, ref: string): Promise<string | undefined> {
  return git(folder, ['rev-parse', '--verify', '--quiet', ref]).then(
    (text) => text.trim(),
    () => undefined,
  );
}

const identity = ['-c', 'user.name=GitHub', '-c', 'user.email=noreply@github.com'];

function git(folder: string, words: readonly string[], input?: Buffer | string): Promise<string> {
  return new Promise((done, fail) => {
    const child = execFile('git', ['--git-dir', folder, '-c', 'gc.auto=0', ...words], (error, stdout) =>
      error === null ? done(stdout) : fail(error),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
