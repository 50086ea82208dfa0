// What happens to every request before its route: an id, headers that browsers obey, a measure, a log line, its JSON.
import { randomUUID } from 'node:crypto';
import express, { type RequestHandler } from 'express';
import { describe } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Life } from '../life.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { failureCodeOf } from './failure.ts';

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export function everyRequest(life: Life, metrics: Metrics, log: Log): RequestHandler {
  return (request, response, next) => {
    const started = process.hrtime.bigint();
    const given = request.get('x-request-id') ?? '';
    const requestId = /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
    response.set(headers).set('x-request-id', requestId);
    // Tells a client to come back through the balancer, which by then knows that this instance is leaving.
    if (life.phase === 'draining') response.set('connection', 'close');
    response.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const route: unknown = request.route?.path;
      metrics.request(request.method, typeof route === 'string' ? route : 'unmatched', response.statusCode, seconds);
      const trace = request.get('traceparent');
      const code = failureCodeOf(response);
      log.debug('request', {
        requestId,
        ...(trace === undefined ? {} : { traceparent: trace.slice(0, 64) }),
        method: request.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: response.statusCode,
        ...(code === undefined ? {} : { code }),
        seconds,
      });
    });
    next();
  };
}

/** Parses a JSON body; anything else is refused before a byte of it is kept. */
export function jsonBody(limitBytes: number): RequestHandler {
  // Not inflated: a few kilobytes of compressed zeros would be a gigabyte.
  const parse = express.json({ limit: limitBytes, inflate: false, strict: true, type: () => true });
  return (request, response, next) => {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.get('content-length') ?? 0) > 0;
    if (!hasBody) throw new AppError('body-malformed', 'expected a JSON body, found none');
    if (request.is(['application/json', 'application/*+json']) === false) {
      throw new AppError(
        'media-type-unsupported',
        `expected content-type application/json, found ${describe(request.get('content-type'))}`,
      );
    }
    parse(request, response, next);
  };
}
