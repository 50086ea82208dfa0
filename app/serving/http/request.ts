// What happens to every request before its route: an id, headers that browsers obey, a measure, a log line, its JSON.
import express, { type RequestHandler } from 'express';
import { describe } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Life } from '../life.ts';
import type { RequestLog } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { failureCodeOf } from './failure.ts';
import type { Gate } from './gate.ts';
import { handedOver } from './handover.ts';
import { everyHeader } from './headers.ts';
import { inferredBy } from './inference.ts';
import { requestIdFrom } from './request-id.ts';

export interface EveryRequest {
  readonly life: Life;
  readonly metrics: Metrics;
  readonly gate: Gate;
  /** Absent when requests are not logged. */
  readonly requestLog: RequestLog | undefined;
}

export function everyRequest({ life, metrics, gate, requestLog }: EveryRequest): RequestHandler {
  return (request, response, next) => {
    const started = process.hrtime.bigint();
    const requestId = requestIdFrom(request.headers['x-request-id']);
    response.set(everyHeader).set('x-request-id', requestId);
    // Tells a client to come back through the balancer, which by then knows that this instance is leaving.
    if (life.phase === 'draining') response.set('connection', 'close');
    response.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const route: unknown = request.route?.path;
      metrics.request(request.method, typeof route === 'string' ? route : 'unmatched', response.statusCode, seconds);
      requestLog?.line({
        request,
        requestId,
        method: request.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: response.statusCode,
        code: failureCodeOf(response),
        seconds,
        inferred: inferredBy(response),
      });
    });
    const before = handedOver(request);
    const refusal = before === undefined ? gate(request, response) : before.refusal;
    if (refusal === 'answered') return;
    next(refusal);
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
    const read = handedOver(request)?.body;
    if (read === undefined) return parse(request, response, next);
    request.body = parsed(read);
    next();
  };
}

/** @throws AppError `body-malformed`. */
function parsed(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new AppError('body-malformed', 'expected a body that is a JSON object or array, found something else');
}
