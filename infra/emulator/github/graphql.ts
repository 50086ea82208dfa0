// The one door of GitHub's GraphQL API: reads which mutation is meant, answers in GraphQL's shape. Each mutation is a function of its own.
import { z } from 'zod';
import type { GithubState } from './state.ts';
import type { Answer, Asked, Caller } from './wire.ts';

/** @returns the mutation's payload; @throws GraphqlError for what GitHub answers with 200 and `errors`. */
export type Mutation = (asked: {
  readonly state: GithubState;
  readonly caller: Caller;
  /** `variables.input`, unchecked. */
  readonly input: unknown;
}) => Promise<Readonly<Record<string, unknown>>>;

/** Of GraphQL: the request was understood, and refused. */
export class GraphqlError extends Error {
  /** Such as `STALE_DATA`, `NOT_FOUND`, `FORBIDDEN`. */
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

const request = z.object({
  query: z.string(),
  variables: z.object({ input: z.unknown() }).loose().optional(),
});

/** @param mutations by name, such as `createCommitOnBranch`. */
export function graphqlRoute(mutations: Readonly<Record<string, Mutation>>) {
  return async ({ state, caller, body }: Asked): Promise<Answer> => {
    const { query, variables } = body(request);
    const name = Object.keys(mutations).find((one) => new RegExp(`\\b${one}\\s*\\(`).test(query));
    const mutation = name === undefined ? undefined : mutations[name];
    try {
      if (name === undefined || mutation === undefined)
        throw new GraphqlError('undefinedField', 'Field is not emulated');
      return { body: { data: { [name]: await mutation({ state, caller, input: variables?.input }) } } };
    } catch (error) {
      if (!(error instanceof GraphqlError)) throw error;
      const path = name === undefined ? [] : [name];
      return { body: { data: null, errors: [{ type: error.type, path, message: error.message }] } };
    }
  };
}
