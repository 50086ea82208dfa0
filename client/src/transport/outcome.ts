// What an HTTP answer means for the call: it is the answer, a no for good, a no that may be this endpoint's alone, or a failure of it. Pure.
import { type Failure, RefusedError } from '../errors.ts';
import { readJson } from '../json.ts';
import { retryAfterMs } from './retry-after.ts';

export interface HttpAnswer {
  readonly endpoint: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type Outcome<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** No other endpoint would change it. */
  | { readonly kind: 'refused'; readonly error: RefusedError }
  /** It depends on what this endpoint was set up with. */
  | { readonly kind: 'turned-away'; readonly error: RefusedError }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly pauseMs?: number | undefined }
  | { readonly kind: 'abandoned' };

/** A cloud whose keys are stale or which lacks a model says these; what they say of a request is no more than that. */
const ownCodes: ReadonlySet<string> = new Set(['unauthorized', 'forbidden', 'model-unknown', 'not-found']);

/** @param read throws when the body is not what was asked for. @param now of the wall clock, for `Retry-After`. */
export function outcomeOf<T>(answer: HttpAnswer, read: (answer: HttpAnswer) => T, now: number): Outcome<T> {
  const { endpoint, status, headers } = answer;
  if (status >= 200 && status < 300) {
    try {
      return { kind: 'answered', value: read(answer) };
    } catch (error) {
      return failed(endpoint, 'answer-malformed', error instanceof Error ? error.message : String(error), status);
    }
  }
  const said = serviceError(answer);
  const isTemporary = status >= 500 || status === 429 || status === 408;
  if (isTemporary) {
    const pauseMs = retryAfterMs(headers.get('retry-after'), now);
    const failure: Failure = {
      endpoint,
      reason: 'unavailable',
      message: said?.error ?? reasonOf(answer) ?? `status ${status}`,
      status,
      ...(said === undefined ? {} : { code: said.code }),
    };
    return { kind: 'failed', failure, ...(pauseMs === undefined ? {} : { pauseMs }) };
  }
  // A platform answers 403 or 404 with a page of its own where a service was stopped or deleted: another cloud still has it.
  if (said === undefined)
    return failed(endpoint, 'not-the-service', `status ${status} without the service's error`, status);
  const requestId = headers.get('x-request-id') ?? '';
  const error = new RefusedError(said.error, { endpoint, status, code: said.code, requestId });
  return { kind: ownCodes.has(said.code) ? 'turned-away' : 'refused', error };
}

/** Every error of the service is `{"error", "code"}`. */
function serviceError(answer: HttpAnswer): { readonly error: string; readonly code: string } | undefined {
  try {
    const { error, code } = readJson(answer) as { error?: unknown; code?: unknown };
    return typeof error === 'string' && typeof code === 'string' ? { error, code } : undefined;
  } catch {
    return undefined;
  }
}

/** Readiness says no in the protocol's own form. */
function reasonOf(answer: HttpAnswer): string | undefined {
  try {
    const { reason } = readJson(answer);
    return typeof reason === 'string' ? reason : undefined;
  } catch {
    return undefined;
  }
}

function failed<T>(endpoint: string, reason: Failure['reason'], message: string, status: number): Outcome<T> {
  return { kind: 'failed', failure: { endpoint, reason, message, status } };
}
