// The one core under every protocol: is it ready, which model, read, how many, in time, predict, count, answer.
import type { Request, RequestHandler, Response } from 'express';
import { AppError } from '../../model/errors.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import { blockRows } from '../batcher.ts';
import type { Life } from '../life.ts';
import type { Inferred } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type Asked, modelCalled } from '../models/called.ts';
import type { Predictor } from '../predictor.ts';
import type { Statistics } from '../protocols/statistics.ts';

export interface InferenceContext {
  readonly life: Life;
  readonly metrics: Metrics;
  readonly statistics: Statistics;
  readonly maxRows: number;
}

/** What a protocol made of a request. */
export interface Reading {
  readonly records: readonly unknown[];
  /** The client gives up that long after the request arrived. */
  readonly timeoutMs?: number | undefined;
}

/** One protocol's way to say a prediction. */
export interface Protocol<R extends Reading> {
  which(request: Request): Asked;
  /** @throws AppError `input-invalid`. Called once the service is known to answer. */
  read(request: Request, predictor: Predictor): R;
  answer(response: Response, predictor: Predictor, rows: readonly PredictionRow[], reading: R): void | Promise<void>;
}

export function inferring<R extends Reading>(context: InferenceContext, protocol: Protocol<R>): RequestHandler {
  const { life, metrics, statistics, maxRows } = context;
  return async (request, response) => {
    const started = performance.now();
    let predictor: Predictor | undefined;
    let reading: R;
    let rows: readonly PredictionRow[];
    try {
      const { reason } = life;
      if (!life.answers) throw new AppError('not-ready', `expected a ready service, found one that is not: ${reason}`);
      predictor = modelCalled(life.served, protocol.which(request));
      noteInferred(response, predictor);
      reading = protocol.read(request, predictor);
      const { records } = reading;
      if (records.length === 0) throw new AppError('input-invalid', 'expected at least one record, found none');
      if (records.length > maxRows) throw tooManyRows(maxRows, records.length);
      const computing = performance.now();
      const deadline = arrivalOf(response, started) + (reading.timeoutMs ?? Number.POSITIVE_INFINITY);
      if (computing > deadline) {
        const waited = computing - arrivalOf(response, started);
        throw new AppError(
          'deadline-exceeded',
          `expected to answer within ${reading.timeoutMs} ms, as the request asks, found ${Math.ceil(waited)} ms gone before it was read; allow more, or send it again`,
        );
      }
      const waits = records.length > blockRows || predictor.blocks.joins;
      rows = waits ? await predictor.predictInTurns(records, deadline) : predictor.predict(records);
      const ended = performance.now();
      metrics.prediction(predictor, rows, (ended - computing) / 1000);
      statistics.answered(predictor, rows.length, computing - started, ended - computing);
      noteInferred(response, predictor, rows.length);
    } catch (error) {
      if (predictor !== undefined) statistics.failed(predictor, performance.now() - started);
      metrics.refusal(predictor, error instanceof AppError ? error.code : 'internal');
      throw error;
    }
    return protocol.answer(response, predictor, rows, reading);
  };
}

export function tooManyRows(most: number, found: number): AppError {
  return new AppError(
    'rows-too-many',
    `expected at most ${most} records, found ${found}; send them in several requests`,
  );
}

/** For logs and traces. @param rows once they are answered. */
function noteInferred(response: Response, { model, version }: Predictor, rows?: number): void {
  response.locals.inferred = { model: model.name, version, ...(rows === undefined ? {} : { rows }) };
}

export function inferredBy(response: Response): Inferred | undefined {
  return response.locals.inferred as Inferred | undefined;
}

/** Notes when a request arrived, for its deadline: reading a body from a slow client takes time too. */
export function noteArrival(response: Response): void {
  response.locals.arrivedAt = performance.now();
}

function arrivalOf(response: Response, fallback: number): number {
  return (response.locals.arrivedAt as number | undefined) ?? fallback;
}
