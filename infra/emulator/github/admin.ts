// The emulated GitHub's own interface, on loopback beside its API: what no REST route does, because on GitHub a runner or a browser does it.
import { z } from 'zod';
import type { Handler, WireRequest, WireResponse } from '../world.ts';
import { arrange, arrangement } from './arrange.ts';
import { bypass, enterEnvironment, finishRun, review, startRun } from './runs.ts';
import type { GithubState, Repository, Run } from './state.ts';
import { GithubRefusal } from './wire.ts';

export const adminPrefix = '/_emulator/';

const newRun = z.strictObject({
  repository: z.string(),
  workflow: z.string(),
  title: z.string().optional(),
  event: z.string().optional(),
  branch: z.string().optional(),
  sha: z.string().optional(),
  actor: z.string(),
  inputs: z.record(z.string(), z.string()).optional(),
});
const newReview = z.strictObject({
  state: z.enum(['approved', 'rejected']).default('approved'),
  user: z.string(),
  comment: z.string().default(''),
  bypass: z.boolean().default(false),
});

/**
 * `PUT arrangement`, `GET runs`, `POST runs`, and of one run: `POST runs/<id>/jobs` {environment}, `…/reviews` {user, state?, bypass?},
 * `…/end` {conclusion}; `POST failures` {statuses}, `POST rate-limit` {remaining}.
 */
export function adminHandler(state: GithubState): Handler {
  return async (request) => {
    // A web page in the user's browser must not be able to change anything; programs send no Origin.
    if (request.headers.origin !== undefined) return json(403, { error: 'expected no Origin header' });
    try {
      return json(200, await answer(state, request));
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      if (error instanceof GithubRefusal) return json(error.status, { error: error.message });
      throw error;
    }
  };
}

async function answer(state: GithubState, { method, url, body }: WireRequest): Promise<unknown> {
  const [what = '', id = '', part = ''] = url.slice(adminPrefix.length).split('/');
  const given: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  switch (`${method} ${what} ${part}`.trim()) {
    case 'PUT arrangement': {
      const { owner, name } = arrange(state, arrangement.parse(given));
      return { repository: `${owner}/${name}` };
    }
    case 'GET runs':
      return [...state.repositories.values()].flatMap(({ runs }) => [...runs.values()]);
    case 'POST runs': {
      const { repository: name, title, event, branch, sha, inputs, ...rest } = newRun.parse(given);
      const repository = state.repositories.get(name.toLowerCase());
      if (repository === undefined) throw new GithubRefusal(404, `no repository ${name}`);
      const optional = { title, event, branch, sha, inputs };
      const run = await startRun(state, repository, { ...rest, ...defined(optional) });
      return { id: run.id, token: `actions:${run.id}` };
    }
    case 'POST runs jobs': {
      const { repository, run } = find(state, id);
      const { environment } = z.strictObject({ environment: z.string() }).parse(given);
      return { state: enterEnvironment(state, repository, run, environment) };
    }
    case 'POST runs reviews': {
      const { repository, run } = find(state, id);
      const { bypass: passes, user, comment, state: decision } = newReview.parse(given);
      if (passes) bypass(state, repository, run, user, comment);
      else review(state, repository, run, { state: decision, user, comment, environments: [...run.waiting] });
      return { status: run.status };
    }
    case 'POST runs end': {
      const { run } = find(state, id);
      finishRun(run, z.strictObject({ conclusion: z.string() }).parse(given).conclusion);
      return { status: run.status };
    }
    case 'POST failures':
      state.failures.push(...z.strictObject({ statuses: z.array(z.int()) }).parse(given).statuses);
      return { failures: state.failures };
    case 'POST rate-limit':
      state.rateLimit = { ...state.rateLimit, ...z.strictObject({ remaining: z.int().min(0) }).parse(given) };
      return state.rateLimit;
    default:
      throw new GithubRefusal(404, `no such request: ${method} ${url}`);
  }
}

function find(state: GithubState, id: string): { readonly repository: Repository; readonly run: Run } {
  for (const repository of state.repositories.values()) {
    const run = repository.runs.get(Number(id));
    if (run !== undefined) return { repository, run };
  }
  throw new GithubRefusal(404, `no run ${id}`);
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}

function json(status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
