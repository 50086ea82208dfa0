// How the emulated GitHub is spoken to: who calls, what they may see, GitHub's error documents, pages and rate limits.
import type { z } from 'zod';
import type { Handler, WireRequest, WireResponse } from '../world.ts';
import type { GithubState, Permission, Repository, Run } from './state.ts';

/** Refused in GitHub's words. */
export class GithubRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
export const notFound = () => new GithubRefusal(404, 'Not Found');

/**
 * By the token: `user:<login>` is that person's own, `actions:<run id>` the GITHUB_TOKEN of a run. Anything else is a bad credential;
 * none at all reads what is public.
 */
export interface Caller {
  readonly login: string | undefined;
  readonly run: Run | undefined;
}

export interface Asked {
  readonly state: GithubState;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** @throws GithubRefusal 422 when the body is not that. */
  body<T>(schema: z.ZodType<T>): T;
  /** `http://127.0.0.1:<port>`: what the URLs in answers begin with. */
  readonly origin: string;
}
export interface RepositoryAsked extends Asked {
  readonly repository: Repository;
}
export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** Of a list that is given in pages: how many there are. */
  readonly total?: number;
}
export type Area = 'actions' | 'administration' | 'attestations' | 'contents' | 'deployments' | 'issues' | 'metadata';

/** `GET /repos/:owner/:repo/environments`, who may, and the answer. A last parameter with `*` takes slashes. */
export type Route = readonly [
  method: string,
  path: string,
  needs: readonly [Area, Permission],
  answer: (asked: RepositoryAsked) => Answer | Promise<Answer>,
];
/** A route that belongs to no repository: everybody may. */
export type GlobalRoute = readonly [method: string, path: string, answer: (asked: Asked) => Answer | Promise<Answer>];

export function githubHandler(
  state: GithubState,
  routes: { readonly repository: readonly Route[]; readonly global: readonly GlobalRoute[] },
  origin: () => string,
): Handler {
  const table = [
    ...routes.repository.map(([method, path, needs, answer]) => ({ method, pattern: patternOf(path), needs, answer })),
    ...routes.global.map(([method, path, answer]) => ({ method, pattern: patternOf(path), needs: undefined, answer })),
  ];
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
    try {
      const failure = state.failures.shift();
      if (failure !== undefined) throw new GithubRefusal(failure, 'Server Error');
      countOff(state);
      const caller = callerOf(state, request);
      for (const { method, pattern, needs, answer } of table) {
        const match = request.method === method ? pattern.exec(pathname) : null;
        if (match === null) continue;
        const params = Object.fromEntries(
          Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
        );
        const asked = { state, caller, params, query: searchParams, body: bodyReader(request), origin: origin() };
        const given =
          needs === undefined
            ? await (answer as GlobalRoute[2])(asked)
            : await (answer as Route[3])({ ...asked, repository: repositoryFor(state, caller, params, needs) });
        return response(state, given, request, origin());
      }
      throw notFound();
    } catch (error) {
      if (!(error instanceof GithubRefusal)) throw error;
      const document = {
        message: error.message,
        documentation_url: 'https://docs.github.com/rest',
        status: String(error.status),
      };
      return response(state, { status: error.status, body: document }, request, origin());
    }
  };
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/:(\w+)(\*?)/g, (_, name, deep) => `(?<${name}>${deep === '*' ? '.+' : '[^/]+'})`);
  return new RegExp(`^${source}$`);
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function countOff({ rateLimit }: GithubState): void {
  if (rateLimit.remaining === 0) throw new GithubRefusal(403, 'API rate limit exceeded for installation');
  rateLimit.remaining -= 1;
}

function callerOf(state: GithubState, { headers }: WireRequest): Caller {
  const token = /^(?:bearer|token) (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return { login: undefined, run: undefined };
  const [kind, rest = ''] = token.split(':');
  if (kind === 'user' && state.people.has(rest)) return { login: rest, run: undefined };
  const run = [...state.repositories.values()]
    .map(({ runs }) => runs.get(Number(rest)))
    .find((one) => one !== undefined);
  if (kind === 'actions' && run !== undefined) return { login: 'github-actions[bot]', run };
  throw new GithubRefusal(401, 'Bad credentials');
}

const ranks = { read: 1, write: 2, admin: 3 } as const;

/** What one may not see does not exist; what one may see and not do is forbidden. */
function repositoryFor(
  state: GithubState,
  { login, run }: Caller,
  { owner = '', repo = '' }: Readonly<Record<string, string>>,
  [area, level]: readonly [Area, Permission],
): Repository {
  const found = state.repositories.get(`${owner}/${repo}`.toLowerCase());
  if (found === undefined) throw notFound();
  if (run !== undefined) {
    if (!found.runs.has(run.id)) {
      if (found.private || level === 'write') throw notFound();
      return found;
    }
    const granted = area === 'metadata' ? 'read' : run.permissions[area];
    const enough = granted !== undefined && ranks[granted] >= ranks[level];
    // No job can be given `administration`; of a public repository anyone reads the rest.
    const open = !found.private && level === 'read' && area !== 'administration';
    if (!enough && !open) throw new GithubRefusal(403, 'Resource not accessible by integration');
    return found;
  }
  const role = login === undefined ? undefined : found.roles[login];
  if (role === undefined && found.private) throw notFound();
  const rank = role === undefined ? 1 : ranks[role];
  const needed = area === 'administration' ? 3 : ranks[level];
  if (rank >= needed) return found;
  if (login === undefined) throw new GithubRefusal(401, 'Requires authentication');
  throw new GithubRefusal(403, 'Must have admin rights to Repository.');
}

function bodyReader({ body }: WireRequest): Asked['body'] {
  return (schema) => {
    let value: unknown;
    try {
      value = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
    } catch {
      throw new GithubRefusal(400, 'Problems parsing JSON');
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new GithubRefusal(422, `Invalid request. ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  };
}

/** One page of a list, as `per_page` and `page` say. */
export function page<T>(items: readonly T[], query: URLSearchParams, perPage = 30): readonly T[] {
  const size = sizeOf(query, perPage);
  const first = (numberOf(query, 'page', 1) - 1) * size;
  return items.slice(first, first + size);
}

function sizeOf(query: URLSearchParams, fallback: number): number {
  return Math.min(numberOf(query, 'per_page', fallback), 100);
}

function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const value = Number(query.get(name) ?? fallback);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}

function response(state: GithubState, answer: Answer, request: WireRequest, origin: string): WireResponse {
  const { rateLimit } = state;
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'x-github-media-type': 'github.v3; format=json',
    'x-ratelimit-limit': String(rateLimit.limit),
    'x-ratelimit-remaining': String(rateLimit.remaining),
    'x-ratelimit-used': String(rateLimit.limit - rateLimit.remaining),
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + rateLimit.resetSeconds),
    'x-ratelimit-resource': 'core',
  };
  const link = nextLink(answer, request, origin);
  if (link !== undefined) headers.link = link;
  const status = answer.status ?? 200;
  return answer.body === undefined ? { status, headers } : { status, headers, body: JSON.stringify(answer.body) };
}

function nextLink({ total }: Answer, { url }: WireRequest, origin: string): string | undefined {
  if (total === undefined) return undefined;
  const next = new URL(url, origin);
  const current = numberOf(next.searchParams, 'page', 1);
  if (current * sizeOf(next.searchParams, 30) >= total) return undefined;
  next.searchParams.set('page', String(current + 1));
  return `<${next.href}>; rel="next"`;
}
