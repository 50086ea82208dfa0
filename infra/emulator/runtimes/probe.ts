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

/**
 * The platform's waiting, shortened by `timeScale`; the time one probe may take is the service's own and stays.
 * @param shortestStartSeconds a process starts in real time however fast the platform's waiting passes; a limit below this would
 * fail good images on a busy machine.
 */
export function scaledProbe(
  probe: StartProbe,
  { timeScale, shortestStartSeconds }: { readonly timeScale: number; readonly shortestStartSeconds: number },
): StartProbe {
  const limit = probe.limitSeconds / timeScale;
  return {
    ...probe,
    initialDelaySeconds: probe.initialDelaySeconds / timeScale,
    periodSeconds: Math.max(probe.periodSeconds / timeScale, Math.min(shortestPeriodSeconds, probe.periodSeconds)),
    limitSeconds: Math.max(limit, Math.min(shortestStartSeconds, probe.limitSeconds)),
  };
}

/** @returns `undefined` once it passed; else what the last probe found. `signal` ends it early with what was found so far. */
export async function probeUntilReady(
  port: number,
  probe: StartProbe,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = performance.now() + probe.limitSeconds * 1000;
  let found = 'no probe was made';
  await pause(probe.initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const answer = await probeOnce(port, probe);
    if (answer === undefined) return undefined;
    found = answer;
    if (performance.now() + probe.periodSeconds * 1000 > limit) break;
    await pause(probe.periodSeconds * 1000, signal);
  }
  return found;
}

function probeOnce(port: number, probe: StartProbe): Promise<string | undefined> {
  const { target } = probe;
  const timeout = probe.timeoutSeconds * 1000;
  return new Promise((resolve) => {
    if (target.kind === 'tcp') {
      const socket = connect({ host: '127.0.0.1', port, timeout });
      const end = (found: string | undefined) => {
        socket.destroy();
        resolve(found);
      };
      socket.once('connect', () => end(undefined));
      socket.once('timeout', () => end(`no connection within ${probe.timeoutSeconds} s`));
      socket.once('error', (error: NodeJS.ErrnoException) => end(nothingListens(error)));
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
      resolve(`no answer to ${target.path} within ${probe.timeoutSeconds} s`);
    }, timeout);
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(target.accepts(status) ? undefined : `${target.path} answered ${status}`);
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(nothingListens(error));
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
