// One request to one endpoint, until its whole answer is read, its time is up or nobody wants it any more. Never throws.
import { type HttpAnswer, type Outcome, outcomeOf } from './outcome.ts';

export interface Request<T> {
  readonly method: 'GET' | 'POST';
  /** Behind the endpoint's address, with a leading `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** @throws when the answer is not what was asked for. */
  readonly read: (answer: HttpAnswer) => T;
}

/** No timer is that late in a program that does its work in turns. */
const stalledMs = 20;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export async function tryOnce<T>(
  fetch: Fetch,
  endpoint: string,
  request: Request<T>,
  withinMs: number,
  signal: AbortSignal,
): Promise<Outcome<T>> {
  const ended = new AbortController();
  let isLate = false;
  const dueAt = performance.now() + withinMs;
  const expire = () => {
    if (performance.now() - dueAt > stalledMs) {
      // The timer itself is late: this program stalled, and the answer may lie here unread.
      timer = setTimeout(giveUp, stalledMs);
    } else giveUp();
  };
  const giveUp = () => {
    isLate = true;
    ended.abort();
  };
  let timer = setTimeout(expire, withinMs);
  const abandon = () => ended.abort();
  signal.addEventListener('abort', abandon, { once: true });
  if (signal.aborted) abandon();
  let hasBegun = false;
  try {
    const response = await fetch(`${endpoint}${request.path}`, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      // A redirect would make a GET of a POST: an address that redirects is the wrong one.
      redirect: 'error',
      signal: ended.signal,
    });
    hasBegun = true;
    const body = new Uint8Array(await response.arrayBuffer());
    const answer = { endpoint, status: response.status, headers: response.headers, body };
    return outcomeOf(answer, request.read, Date.now());
  } catch (error) {
    if (isLate) {
      const message = `no whole answer within ${Math.round(withinMs)} ms`;
      return { kind: 'failed', failure: { endpoint, reason: 'timed-out', message } };
    }
    if (signal.aborted) return { kind: 'abandoned' };
    const reason = hasBegun ? 'cut-off' : 'unreachable';
    return { kind: 'failed', failure: { endpoint, reason, message: messageOf(error) } };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
  }
}

/** Node says in the cause what happened; browsers say nothing. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return [error.message, code, cause.message].filter((text) => text !== '').join(': ');
}
