// AWS's JSON protocols on the wire: one operation per request by its target, errors by `__type`. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
import type { z } from 'zod';
import type { Handler, WireRequest, WireResponse } from '../world.ts';

export type AwsJsonVersion = '1.0' | '1.1';

/** What the service answers with a 400. */
export class Refusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** @throws Refusal for what is no JSON. */
export function bodyOf(request: WireRequest): unknown {
  try {
    return request.body.length === 0 ? {} : JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new Refusal('com.amazon.coral.service#SerializationException', 'The request is not JSON');
  }
}

/** @throws Refusal of that type, with every fault in the words given. */
export function parsed<T>(
  schema: z.ZodType<T>,
  body: unknown,
  type: string,
  words: (faults: readonly string[]) => string = (faults) => faults.join('; '),
): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Refusal(type, words(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)));
}

/** The region the request was signed for; a provider in this process signs nothing. */
export function regionOf(request: WireRequest): string {
  return /Credential=[^/]+\/\d+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'eu-west-1';
}

/** One page of a list, and where the next one begins. */
export function pageOf<T>(
  all: readonly T[],
  size: number | undefined,
  token: string | undefined,
): { readonly items: readonly T[]; readonly next?: string } {
  const from = Number(token ?? '0');
  const to = from + (size ?? 20);
  return { items: all.slice(from, to), ...(to < all.length ? { next: String(to) } : {}) };
}

export function json(version: AwsJsonVersion, status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': `application/x-amz-json-${version}` }, body: JSON.stringify(body) };
}

/** An API of which one operation is known. @param invalid the error's type for a request that does not fit. */
export function oneOperation<T>(
  operation: string,
  asked: { readonly version: AwsJsonVersion; readonly schema: z.ZodType<T>; readonly invalid: string },
  answer: (request: T) => unknown,
): Handler {
  return async (request) => {
    try {
      const name = (request.headers['x-amz-target'] ?? '').split('.').at(-1);
      if (request.method !== 'POST' || name !== operation) throw new Refusal('UnknownOperationException', `${name}`);
      return json(asked.version, 200, answer(parsed(asked.schema, bodyOf(request), asked.invalid)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return json(asked.version, 400, { __type: error.type, message: error.message });
    }
  };
}
