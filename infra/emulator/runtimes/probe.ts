// The platform's start probe: asked until the container passes, exits, or the limit is over.
import { request } from 'node:http';
import { connect } from 'node:net';

export interface StartProbe {
  readonly target:
    | { readonly kind: 'tcp' }
    | {
        readonly kind: 'http';
        readonly path: string;
        /** Does this status count as ready? */
        readonly accepts: (status: number) => boolean;
        readonly headers?: Readonly<Record<string, string>>;
      };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  /** After this long without a pass the container is given up. */
  readonly limitSeconds: number;
}

const shortestPeriodSeconds = 0.1;

/** How long a start may take. `limitSeconds` holds for a process that answers; one that is still silent is given `silentSeconds`. */
export interface ScaledProbe extends StartProbe {
  readonly silentSeconds: number;
}

/**
 * The platform's waiting, shortened by `timeScale`; the time one probe may take is the service's own and stays.
 * @param shortest what no limit is shortened below, in seconds: a process starts in real time however fast the platform's waiting
 * passes, and one that says nothing yet may only be waiting for a processor. Neither is made longer than the service's own limit.
 */
export function scaledProbe(
  probe: StartProbe,
  timeScale: number,
  shortest: { readonly startSeconds: number; readonly silentSeconds: number },
): ScaledProbe {
  const limit = probe.limitSeconds / timeScale;
  return {
    ...probe,
    initialDelaySeconds: probe.initialDelaySeconds / timeScale,
    periodSeconds: Math.max(probe.periodSeconds / timeScale, Math.min(shortestPeriodSeconds, probe.periodSeconds)),
    limitSeconds: Math.max(limit, Math.min(shortest.startSeconds, probe.limitSeconds)),
    silentSeconds: Math.max(limit, Math.min(shortest.silentSeconds, probe.limitSeconds)),
  };
}

/** @returns `undefined` once it passed; else what the last probe found. `signal` ends it early with what was found so far. */
export async function probeUntilReady(
  port: number,
  probe: ScaledProbe,
  signal: AbortSignal,
): Promise<string | undefined> {
  let until = performance.now() + probe.silentSeconds * 1000;
  let last: Answer = { answered: false, found: 'no probe was made' };
  await pause(probe.initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const before = last.answered;
    const answer = await probeOnce(port, probe);
    if (answer === 'ready') return undefined;
    last = { answered: before || answer.answered, found: answer.found };
    // A process that answers has its processor: from then on the limit is the short one.
    if (!before && answer.answered) until = Math.min(until, performance.now() + probe.limitSeconds * 1000);
    if (performance.now() + probe.periodSeconds * 1000 > until) break;
    await pause(probe.periodSeconds * 1000, signal);
  }
  return last.found;
}

interface Answer {
  readonly answered: boolean;
  readonly found: string;
}

function probeOnce(port: number, probe: StartProbe): Promise<Answer | 'ready'> {
  const { target } = probe;
  const timeout = probe.timeoutSeconds * 1000;
  const silent = (found: string): Answer => ({ answered: false, found });
  return new Promise((resolve) => {
    if (target.kind === 'tcp') {
      const socket = connect({ host: '127.0.0.1', port, timeout });
      const end = (answer: Answer | 'ready') => {
        socket.destroy();
        resolve(answer);
      };
      socket.once('connect', () => end('ready'));
      socket.once('timeout', () => end(silent(`no connection within ${probe.timeoutSeconds} s`)));
      socket.once('error', (error: NodeJS.ErrnoException) => end(silent(nothingListens(error))));
      return;
    }
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: target.path,
      agent: false,
      headers: { connection: 'close', ...target.headers },
    });
    const timer = setTimeout(() => {
      outgoing.destroy();
      resolve(silent(`no answer to ${target.path} within ${probe.timeoutSeconds} s`));
    }, timeout);
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(target.accepts(status) ? 'ready' : { answered: true, found: `${target.path} answered ${status}` });
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(silent(nothingListens(error)));
    });
    outgoing.end();
  });
}

function nothingListens(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' ? 'nothing listens on the port' : `the connection failed: ${error.code}`;
}

/** Waits, or returns at once when the signal is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
}
