// The HTTP server around the application: time-outs, answers to what is no HTTP, and an end that loses no request.
import { randomUUID } from 'node:crypto';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type AppErrorCode } from '../../model/errors.ts';
import type { Settings } from '../settings/settings.ts';
import { everyHeader } from './headers.ts';

// An import would read every property of the module, and one of them is Node's WebSocket: with it come undici, HTTP/2 and TLS, which
// take as long as Express. https://nodejs.org/api/process.html#processgetbuiltinmoduleid
const { createServer } = process.getBuiltinModule('node:http');

/** How often expired connections are looked for; Node's own 30 s would make every time-out up to 30 s longer. */
const checkEveryMs = 1000;

export type ServerLimits = Pick<
  Settings,
  'headersTimeoutSeconds' | 'requestTimeoutSeconds' | 'idleTimeoutSeconds' | 'keepAliveSeconds' | 'maxConnections'
>;

export function createHttpServer(app: RequestListener, limits: ServerLimits): Server {
  const server = createServer(
    {
      requestTimeout: limits.requestTimeoutSeconds * 1000,
      headersTimeout: Math.min(limits.headersTimeoutSeconds, limits.requestTimeoutSeconds) * 1000,
      keepAliveTimeout: limits.keepAliveSeconds * 1000,
      // Its absence is refused like every other fault, with an error that says so: gate.ts.
      requireHostHeader: false,
      connectionsCheckingInterval: checkEveryMs,
    },
    app,
  );
  // Without a byte in either direction: a client that does not read its answer.
  server.timeout = limits.idleTimeoutSeconds * 1000;
  server.maxConnections = limits.maxConnections;
  server.on('clientError', answerClientError);
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const body = errorBody('expectation-failed', 'expected no Expect header but 100-continue, found another');
    response.writeHead(417, { ...rawHeaders(body), connection: 'close' }).end(body);
  });
  return server;
}

/** @returns the port it listens on. @throws AppError `port-taken`. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE' || cause.code === 'EACCES';
      reject(
        taken
          ? new AppError(
              'port-taken',
              `expected to listen on ${host}:${port}, found ${cause.code === 'EACCES' ? 'no permission' : 'it taken'}; give another in PORT`,
              { cause },
            )
          : cause,
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/**
 * Takes no new connection, lets every request that has begun end, then resolves.
 * @returns whether all ended by themselves before the deadline; the rest is cut off.
 */
export async function closeServer(server: Server, deadlineMs: number): Promise<boolean> {
  const closed = new Promise<true>((resolve) => server.close(() => resolve(true)));
  // Node closes connections that are idle now; one that becomes idle later would stay open as long as it is kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cancelled = new AbortController();
  const late = sleep(deadlineMs, false as const, { signal: cancelled.signal }).catch(() => false as const);
  const wasInTime = await Promise.race([closed, late]);
  cancelled.abort();
  clearInterval(idle);
  if (!wasInTime) server.closeAllConnections();
  return wasInTime;
}

const clientErrors: Readonly<Record<string, readonly [status: string, code: AppErrorCode, error: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers-too-large',
    'expected headers of at most 16 KiB, found more',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    'request-timeout',
    'expected the whole request in time, found part of it; send it again',
  ],
};

/** What a connection is being answered with. Node's own answer to such an error looks at it too; there is no public way to ask. */
interface Answering extends Duplex {
  readonly _httpMessage?: ServerResponse | null;
}

/** Node's own answer to a request that can't be parsed has no body; ours is an error like every other. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const current = (socket as Answering)._httpMessage;
  if (current?.headersSent === true) {
    socket.end();
    return;
  }
  // The one before is being answered: two answers for it would let somebody's next request have the second.
  if (current?.req.complete === true) {
    current.setHeader('connection', 'close');
    return;
  }
  const [status, code, message] = clientErrors[error.code ?? ''] ?? [
    '400 Bad Request',
    'body-malformed',
    'expected an HTTP/1.1 request, found something else',
  ];
  const body = errorBody(code, message);
  const headers = Object.entries(rawHeaders(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n${headers.join('')}\r\n${body}`);
}

function errorBody(code: AppErrorCode, error: string): string {
  return JSON.stringify({ error, code });
}

function rawHeaders(body: string): Record<string, string> {
  return {
    ...everyHeader,
    'x-request-id': randomUUID(),
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
}
