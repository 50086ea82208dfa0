// The one core under every protocol: is it ready, which model, read, how many, in time, predict, count, answer.
import type { Request, RequestHandler, Response } from 'express';
import { AppError } from '../../model/errors.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import type { RowNote } from '../answer-text.ts';
import { blockRows } from '../batcher.ts';
import type { Life } from '../life.ts';
import type { Inferred } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type Asked, modelCalled } from '../models/called.ts';
import type { Predictor } from '../predictor.ts';
import type { Statistics } from '../protocols/statistics.ts';
import type { Charge } from './gate.ts';

export interface InferenceContext {
  readonly life: Life;
  readonly metrics: Metrics;
  readonly statistics: Statistics;
  readonly maxRows: number;
  readonly charge: Charge;
}

/** How long an answer is worth computing. */
export interface Until {
  /** By `performance.now()`. */
  readonly deadline: number;
  /** Whether nobody waits any more. */
  readonly isGone: () => boolean;
}

/** What every protocol makes of a request. */
interface Timed {
  /** The client gives up that long after the request arrived. */
  readonly timeoutMs?: number | undefined;
}

/** A request as records. */
export interface Reading extends Timed {
  readonly records: readonly unknown[];
}

/** What stands around every prediction is the same; what is in it is the protocol's. */
export interface Core<R extends Timed, A> {
  which(request: Request): Asked;
  read(request: Request, predictor: Predictor): R;
  rowsIn(reading: R): number;
  /** @param deadline by `performance.now()`. */
  predict(response: Response, predictor: Predictor, reading: R, deadline: number): Promise<A>;
  /** Tells the metrics the class and confidence of each row. */
  note(note: RowNote, answers: A, predictor: Predictor): void;
  answer(response: Response, predictor: Predictor, answers: A, reading: R): void | Promise<void>;
}

/** One protocol's way to say a prediction. */
export interface Protocol<R extends Reading> {
  which(request: Request): Asked;
  /** @throws AppError `input-invalid`. Called once the service is known to answer. */
  read(request: Request, predictor: Predictor): R;
  /** What the answer has beside predictions, in steps. @returns the reading with it. It counts as part of the prediction: for metrics, for the deadline. */
  also?(response: Response, predictor: Predictor, rows: readonly PredictionRow[], reading: R, until: Until): Promise<R>;
  answer(response: Response, predictor: Predictor, rows: readonly PredictionRow[], reading: R): void | Promise<void>;
}

export function inferring<R extends Reading>(context: InferenceContext, protocol: Protocol<R>): RequestHandler {
  interface Predicted {
    readonly rows: readonly PredictionRow[];
    readonly reading: R;
  }
  return answering<R, Predicted>(context, {
    which: (request) => protocol.which(request),
    read: (request, predictor) => protocol.read(request, predictor),
    rowsIn: ({ records }) => records.length,
    async predict(response, predictor, reading, deadline) {
      const { records } = reading;
      const waits = records.length > blockRows || predictor.blocks.joins;
      const rows = waits ? await predictor.predictInTurns(records, deadline) : predictor.predict(records);
      if (protocol.also === undefined) return { rows, reading };
      const isGone = () => response.destroyed;
      return { rows, reading: await protocol.also(response, predictor, rows, reading, { deadline, isGone }) };
    },
    note(note, { rows }, { model }) {
      if (model.task === 'classification') for (const row of rows) note(row.label, Number(row.confidence));
    },
    answer: (response, predictor, { rows, reading }) => protocol.answer(response, predictor, rows, reading),
  });
}

export function answering<R extends Timed, A>(context: InferenceContext, core: Core<R, A>): RequestHandler {
  const { life, metrics, statistics, maxRows } = context;
  return async (request, response) => {
    const started = performance.now();
    let predictor: Predictor | undefined;
    let reading: R;
    let answers: A;
    try {
      const { reason } = life;
      if (!life.answers) throw new AppError('not-ready', `expected a ready service, found one that is not: ${reason}`);
      predictor = modelCalled(life.served, core.which(request));
      noteInferred(response, predictor);
      reading = core.read(request, predictor);
      const rows = core.rowsIn(reading);
      if (rows === 0) throw new AppError('input-invalid', 'expected at least one record, found none');
      if (rows > maxRows) throw tooManyRows(maxRows, rows);
      const computing = performance.now();
      const deadline = arrivalOf(response, started) + (reading.timeoutMs ?? Number.POSITIVE_INFINITY);
      if (computing > deadline) {
        const waited = computing - arrivalOf(response, started);
        throw new AppError(
          'deadline-exceeded',
          `expected to answer within ${reading.timeoutMs} ms, as the request asks, found ${Math.ceil(waited)} ms gone before it was read; allow more, or send it again`,
        );
      }
      answers = await core.predict(response, predictor, reading, deadline);
      const ended = performance.now();
      metrics.answered(predictor, rows, (ended - computing) / 1000);
      core.note(metrics.noteOf(predictor), answers, predictor);
      statistics.answered(predictor, rows, computing - started, ended - computing);
      noteInferred(response, predictor, rows);
    } catch (error) {
      if (predictor !== undefined) statistics.failed(predictor, performance.now() - started);
      metrics.refusal(predictor, error instanceof AppError ? error.code : 'internal');
      throw error;
    }
    return core.answer(response, predictor, answers, reading);
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
