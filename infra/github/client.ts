// GitHub's REST API for one repository: retried where GitHub stumbled, slowed where it asks for it, every answer checked before it is believed.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';

export interface GithubConnection {
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  readonly apiUrl: string;
}

export interface GithubClient {
  /**
   * @param path below the repository (`actions/runs/7`), or with a leading slash below the API (`/orgs/acme`).
   * @returns `undefined` for 404: it is not there, or this token may not see it.
   * @throws DeliveryError `refused` (GitHub says no), `errored` (no answer), `document-invalid`.
   */
  find<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined>;
  /** The same, where it has to be there. @throws DeliveryError `refused` for 404 too. */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** Every page of a list. @param itemsOf the list in one page. */
  all<P, T>(path: string, schema: z.ZodType<P>, itemsOf: (page: P) => readonly T[]): Promise<readonly T[]>;
  /** @returns the status: 2xx, or 404, 409 and 422, which callers expect. */
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<number>;
}

/** Pages of a hundred: more than this is no list that a person reviews. */
const mostPages = 100;
/** Longer than this a job does not wait for GitHub's patience to return. */
const longestWaitSeconds = 60;
const patienceMs = 20_000;

interface Tuning {
  /** Of the pauses between tries: one, four, nine of them. */
  readonly retryBaseMs?: number;
}

/** Loads Octokit, so that who never speaks to GitHub never waits for it. */
export async function connectGithub(
  connection: GithubConnection,
  { retryBaseMs = 1_000 }: Tuning = {},
): Promise<GithubClient> {
  const [{ Octokit }, { retry }, { throttling }] = await Promise.all([
    import('@octokit/core'),
    import('@octokit/plugin-retry'),
    import('@octokit/plugin-throttling'),
  ]);
  const again = (retryAfter: number, _options: object, _octokit: object, count: number) =>
    count < 1 && retryAfter <= longestWaitSeconds;
  const octokit = new (Octokit.plugin(retry, throttling))({
    auth: connection.token,
    baseUrl: connection.apiUrl.replace(/\/$/, ''),
    userAgent: 'trireme',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // 409 and 422 are answers, not accidents.
    retry: { doNotRetry: [400, 401, 403, 404, 409, 410, 422, 451], retryAfterBaseValue: retryBaseMs },
    throttle: { onRateLimit: again, onSecondaryRateLimit: again, retryAfterBaseValue: retryBaseMs },
  });
  const urlOf = (path: string) =>
    path.startsWith('/') ? path : `/repos/${connection.repository}/${path}`.replace(/\/$/, '');

  const ask = async (method: string, path: string, body: object = {}): Promise<{ status: number; data: unknown }> => {
    const what = `${method} ${connection.apiUrl}${urlOf(path)}`;
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const { status, data } = await octokit.request({
        ...body,
        method: method as 'GET',
        url: urlOf(path),
        headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
        request: { signal },
      });
      return { status, data };
    } catch (cause) {
      const { status, response } = failure.parse(cause);
      if (status === undefined || status >= 500 || response === undefined) {
        throw new DeliveryError('errored', `${what}: no answer${status === undefined ? '' : ` (HTTP ${status})`}`, {
          cause,
        });
      }
      if ([404, 409, 422].includes(status)) return { status, data: undefined };
      throw refusal(what, status, cause);
    }
  };
  const read = <T>(path: string, schema: z.ZodType<T>, data: unknown): T => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    throw new DeliveryError(
      'document-invalid',
      `GET ${connection.apiUrl}${urlOf(path)}: ${z.prettifyError(parsed.error)}`,
    );
  };
  const client: GithubClient = {
    async find(path, schema) {
      const { status, data } = await ask('GET', path);
      return status === 404 ? undefined : read(path, schema, data);
    },
    async get(path, schema) {
      const { status, data } = await ask('GET', path);
      if (status === 404) throw refusal(`GET ${connection.apiUrl}${urlOf(path)}`, status);
      return read(path, schema, data);
    },
    async all(path, schema, itemsOf) {
      const items: ReturnType<typeof itemsOf>[number][] = [];
      for (let page = 1; page <= mostPages; page += 1) {
        const paged = `${path}${path.includes('?') ? '&' : '?'}per_page=100&page=${page}`;
        const found = itemsOf(await client.get(paged, schema));
        items.push(...found);
        if (found.length < 100) return items;
      }
      throw new DeliveryError('errored', `GET ${urlOf(path)}: more than ${mostPages * 100} entries`);
    },
    send: async (method, path, body) => (await ask(method, path, body)).status,
  };
  return client;
}

/** Octokit's errors carry the status; what never reached GitHub has status 500 and no response. */
const failure = z
  .object({ status: z.number().optional().catch(undefined), response: z.unknown().optional() })
  .catch({ status: undefined, response: undefined });

function refusal(what: string, status: number, cause?: unknown): DeliveryError {
  return new DeliveryError('refused', `${what}: refused with HTTP ${status}`, {
    hint: 'the token may not do this: in a workflow, see the job’s `permissions`',
    cause,
  });
}
