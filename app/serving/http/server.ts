// The HTTP server around the application: time-outs, answers to what is no HTTP, and an end that loses no request.
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { AppError, type AppErrorCode } from '../../model/errors.ts';
import type { Settings } from '../settings.ts';

/** How often expired connections are looked for; Node's own 30 s would make every time-out up to 30 s longer. */
const checkEveryMs = 1000;

export function createHttpServer(app: Express, { requestTimeoutSeconds, keepAliveSeconds }: Settings): Server {
  const server = createServer(
    {
      requestTimeout: requestTimeoutSeconds * 1000,
      headersTimeout: Math.min(10, requestTimeoutSeconds) * 1000,
      keepAliveTimeout: keepAliveSeconds * 1000,
      connectionsCheckingInterval: checkEveryMs,
    },
    app,
  );
  server.on('clientError', answerClientError);
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

/** Node's own answer to a request that can't be parsed has no body; ours is an error like every other. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, message] = clientErrors[error.code ?? ''] ?? [
    '400 Bad Request',
    'body-malformed',
    'expected an HTTP/1.1 request, found something else',
  ];
  const body = JSON.stringify({ error: message, code });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
