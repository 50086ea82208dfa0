// The emulated GitHub on a loopback port: the REST routes that delivery and set-up use, one GraphQL door, and an interface to arrange it.
import { type Listener, listen } from '../listen.ts';
import type { Handler } from '../world.ts';
import { adminHandler, adminPrefix } from './admin.ts';
import { createCommitOnBranch, gitDataRoutes } from './commits.ts';
import { environmentRoutes } from './environments.ts';
import { graphqlRoute, type Mutation } from './graphql.ts';
import { recordRoutes } from './record-routes.ts';
import { accountRoutes, repositoryRoutes } from './repository-routes.ts';
import { runRoutes } from './run-routes.ts';
import { settingRoutes } from './setting-routes.ts';
import { emptyState, type GithubState } from './state.ts';
import { githubHandler } from './wire.ts';

export interface EmulatedGithub {
  /** `http://127.0.0.1:<port>`: the value of `GITHUB_API_URL`; GraphQL is at `<url>/graphql`. */
  readonly url: string;
  readonly state: GithubState;
  /** The same without a port, for a provider in this process. */
  readonly handler: Handler;
  stop(): Promise<void>;
}

export interface GithubOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  readonly state?: GithubState;
  /** GraphQL mutations by name, beside `createCommitOnBranch`. */
  readonly mutations?: Readonly<Record<string, Mutation>>;
}

/** @throws the system's error when the port is taken. */
export async function startGithub(options: GithubOptions = {}): Promise<EmulatedGithub> {
  const { port = 0, state = emptyState(), mutations = {} } = options;
  let listener: Listener | undefined;
  const routes = {
    repository: [
      ...environmentRoutes,
      ...settingRoutes,
      ...runRoutes,
      ...repositoryRoutes,
      ...recordRoutes,
      ...gitDataRoutes,
    ],
    global: [...accountRoutes, ['POST', '/graphql', graphqlRoute({ createCommitOnBranch, ...mutations })] as const],
  };
  const api = githubHandler(state, routes, () => listener?.url ?? 'http://127.0.0.1');
  const admin = adminHandler(state);
  const handler: Handler = (request) => (request.url.startsWith(adminPrefix) ? admin(request) : api(request));
  listener = await listen(handler, port);
  return { url: listener.url, state, handler, stop: listener.close };
}
