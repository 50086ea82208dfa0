// Every error on every route leaves through here: one shape, a closed set of codes, no stack and no path.
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { AppError, type AppErrorCode } from '../../model/errors.ts';
import type { Log } from '../log.ts';
import { traceFields, traceIdsOf } from '../tracing/ids.ts';
import { sendJson } from './json.ts';

/** Only this file knows statuses. A code that is not listed never comes from a request: it is a bug, 500. */
const statusOf: Partial<Record<AppErrorCode, number>> = {
  'body-malformed': 400,
  'input-invalid': 400,
  'not-found': 404,
  'model-unknown': 404,
  'method-not-allowed': 405,
  'body-too-large': 413,
  'rows-too-many': 413,
  'media-type-unsupported': 415,
  'deadline-exceeded': 503,
  unauthorized: 401,
  forbidden: 403,
  'rate-limited': 429,
  overloaded: 503,
  'not-ready': 503,
};

export function failureHandler(log: Log, bodyLimitBytes: number): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    // Nobody is there to answer, or half an answer is out: the connection ends.
    if (response.headersSent || response.destroyed) return void response.destroy();
    const error = thrown instanceof AppError ? thrown : fromExpress(thrown, bodyLimitBytes);
    const status = error === undefined ? undefined : statusOf[error.code];
    if (error === undefined || status === undefined) {
      const ids = traceIdsOf(request);
      log.error('a request failed', {
        requestId: requestIdOf(response),
        ...(ids === undefined ? {} : traceFields(ids, null)),
        stack: thrown instanceof Error ? thrown.stack : String(thrown),
      });
      return send(
        response,
        500,
        'internal',
        'expected to answer, found a fault in the service; report it with the request id of this answer',
      );
    }
    // Whoever said no may have said when to come back already.
    const isShort = error.code === 'not-ready' || error.code === 'overloaded';
    if (isShort && !response.hasHeader('retry-after')) response.set('retry-after', '1');
    send(response, status, error.code, error.message);
  };
}

export function methodNotAllowed(...allowed: string[]): RequestHandler {
  return (request, response) => {
    response.set('allow', allowed.join(', '));
    throw new AppError('method-not-allowed', `expected ${allowed.join(' or ')} here, found ${request.method}`);
  };
}

export const notFound: RequestHandler = () => {
  throw new AppError('not-found', 'expected a route of this service, found another; GET / lists them');
};

/** For metrics and logs: the code of the error that was answered. */
export function failureCodeOf(response: Response): AppErrorCode | undefined {
  return response.locals.failureCode as AppErrorCode | undefined;
}

export function requestIdOf(response: Response): string {
  return String(response.getHeader('x-request-id') ?? '');
}

function send(response: Response, status: number, code: AppErrorCode, error: string): void {
  response.locals.failureCode = code;
  sendJson(response, status, { error, code });
}

/** The body parser and the router throw errors of their own; their messages quote the request, so none is passed on. */
function fromExpress(thrown: unknown, bodyLimitBytes: number): AppError | undefined {
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'entity.too.large') {
    return new AppError(
      'body-too-large',
      `expected a body of at most ${bodyLimitBytes} bytes, found a larger one; send fewer records at a time`,
    );
  }
  if (type === 'encoding.unsupported') {
    return new AppError(
      'media-type-unsupported',
      'expected a body without content-encoding, found a compressed one; send it plain',
    );
  }
  if (type === 'charset.unsupported')
    return new AppError('media-type-unsupported', 'expected JSON in UTF-8, found another charset');
  if (type === 'entity.parse.failed' || type === 'request.size.invalid') {
    return new AppError('body-malformed', 'expected a body that is a JSON object or array, found something else');
  }
  // The router could not decode a `%` in the path.
  if (status === 400) return new AppError('not-found', 'expected a well-formed address, found a broken escape in it');
  return undefined;
}
