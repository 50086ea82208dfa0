// A loaded model: records in, prediction rows out.
import { setImmediate as turn } from 'node:timers/promises';
import type { Choice } from '../engines/choice.ts';
import type { Engine } from '../engines/engine.ts';
import { checkGolden } from '../engines/golden-check.ts';
import { measure } from '../engines/measure.ts';
import { type Artifact, shortDigest } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { featuresOf } from '../model/features.ts';
import { outputsOf, type PredictionRow } from '../model/prediction.ts';
import { type ColumnWriter, columnWriterOf, recordWriterOf } from '../model/record-writer.ts';
import type { Model } from '../model/schema.ts';
import { type AnswerText, answerTextOf } from './answer-text.ts';
import { Batcher, blockRows } from './batcher.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { Explanation } from './explain/explain.ts';

export interface Predictor {
  readonly model: Model;
  readonly digest: string;
  /** The digest's first digits: what responses call the model's version. */
  readonly version: string;
  readonly engine: string;
  /** How it was chosen, where there was a choice. */
  readonly choice: Choice | undefined;
  /** A record that the model takes, to show to people. */
  readonly example: object;
  /** @throws AppError `input-invalid` with what is wrong with which record. */
  predict(records: readonly unknown[]): PredictionRow[];
  /**
   * The same through the queue that all requests share, a block of rows at a time with a turn for the event loop between two: for many
   * records, and for engines where requests that come together are cheaper.
   * @param deadline by `performance.now()`. @throws AppError `overloaded`, `deadline-exceeded` too.
   */
  predictInTurns(records: readonly unknown[], deadline?: number): Promise<PredictionRow[]>;
  /** The same in steps, without an object for each row, for who has many rows or little time. */
  readonly blocks: Blocks;
  readonly explainable: Explainable;
}

/** What an explanation needs. */
export interface Explainable {
  /** The reference profile, unread. */
  readonly profile: string;
  /** Without a cache: the rows in between are nobody's. */
  readonly engine: Engine;
  readonly cache: AnswerCache<Explanation> | undefined;
}

/** What a predictor may remember. */
export interface Remembering {
  /** The engine with a memory. */
  readonly engine: Engine;
  readonly explanations: AnswerCache<Explanation>;
}

export interface Blocks {
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** @returns false for a record that `predict` must be asked about: it takes it after all, or says why not. */
  write(record: unknown, inputs: Float32Array, row: number): boolean;
  /** The same of whole columns: false for columns whose rows `read` must be asked about. */
  readonly writeColumns: ColumnWriter;
  /** The numbers of records, in turns with the event loop where they are many. @throws AppError `input-invalid` with what is wrong with which record. */
  read(records: readonly unknown[]): Promise<Float32Array>;
  /** @throws AppError `input-invalid` for a row whose answer is not finite. */
  check(answers: Float32Array, rows: number): void;
  /** At once; the answer holds until the next call. */
  run(inputs: Float32Array, rows: number): Float32Array;
  /** For engines where many rows at once are cheaper, and for many rows whatever the engine: they take turns with the event loop. */
  readonly batcher: Batcher;
  /** Whether waiting for other requests pays, as warm-up measured it: a run of the engine that costs much before its first row. */
  readonly joins: boolean;
  readonly text: AnswerText;
}

/** A caller with a thousand bad records is told about the first few. */
const mostFaults = 10;
/** Rounds over the golden inputs before the first request, so that it does not meet code that was never run. */
const warmUpRounds = 3;

/** What a queue between requests costs each of them, in µs, generously: an engine that saves less a row answers at once. */
const queueMicroseconds = 10;

/** Answers only after it gave every golden answer. @throws AppError `golden-mismatch` or `network-unsupported`. */
export function createPredictor(artifact: Artifact, plain: Engine, remembering?: Remembering): Predictor {
  const engine = remembering?.engine ?? plain;
  const { model, digest, golden } = artifact;
  const features = featuresOf(model.inputs);
  const outputs = outputsOf(model);
  const write = recordWriterOf(model.inputs);
  for (const part of engine.parts ?? [engine]) checkGolden(artifact, part);

  /** @returns false when enough is wrong already. */
  function read(
    records: readonly unknown[],
    from: number,
    to: number,
    inputs: Float32Array,
    faults: string[],
  ): boolean {
    for (let index = from; index < to; index++) {
      if (write(records[index], inputs, index * features.width)) continue;
      const place = records.length === 1 ? '' : `record ${index}: `;
      for (const fault of features.write(records[index], inputs, index * features.width))
        faults.push(`${place}${fault}`);
      if (faults.length > mostFaults) return false;
    }
    return true;
  }

  /** @param answers of all rows. */
  function say(answers: Float32Array, from: number, to: number, rows: PredictionRow[]): void {
    for (let index = from; index < to; index++) {
      const row = outputs.row(answers, index * outputs.width);
      if (row === undefined) throw endless(index);
      rows.push(row);
    }
  }

  function endless(index: number): AppError {
    const fault = `record ${index}: expected inputs with a finite prediction, found values so far from the training data that it has none`;
    return new AppError('input-invalid', refusal(model.name, [fault]));
  }

  function predict(records: readonly unknown[]): PredictionRow[] {
    const inputs = new Float32Array(records.length * features.width);
    const faults: string[] = [];
    read(records, 0, records.length, inputs, faults);
    if (faults.length > 0) throw new AppError('input-invalid', refusal(model.name, faults));
    const rows: PredictionRow[] = [];
    say(engine.run(inputs, records.length), 0, records.length, rows);
    return rows;
  }

  const run: Engine['run'] = (inputs, rows) => engine.run(inputs, rows);
  const batcher = new Batcher({ inputWidth: features.width, outputWidth: outputs.width, run });

  async function readInTurns(records: readonly unknown[]): Promise<Float32Array> {
    const inputs = new Float32Array(records.length * features.width);
    const faults: string[] = [];
    for (let from = 0; from < records.length; from += blockRows) {
      if (!read(records, from, Math.min(from + blockRows, records.length), inputs, faults)) break;
      if (records.length > blockRows) await turn();
    }
    if (faults.length > 0) throw new AppError('input-invalid', refusal(model.name, faults));
    return inputs;
  }

  async function predictInTurns(records: readonly unknown[], deadline?: number): Promise<PredictionRow[]> {
    const answers = await batcher.submit(await readInTurns(records), records.length, deadline);
    const rows: PredictionRow[] = [];
    for (let from = 0; from < records.length; from += blockRows) {
      say(answers, from, Math.min(from + blockRows, records.length), rows);
      if (records.length > blockRows) await turn();
    }
    return rows;
  }

  const everyInput = golden.cases.map(({ input }) => input);
  for (let round = 0; round < warmUpRounds; round++) predict(everyInput);

  const version = shortDigest(digest);
  return {
    model,
    digest,
    version,
    engine: engine.name,
    choice: engine.choice,
    example: golden.cases[0]?.input ?? {},
    predict,
    predictInTurns,
    blocks: {
      inputWidth: features.width,
      outputWidth: outputs.width,
      write: (record, inputs, row) => write(record, inputs, row * features.width),
      writeColumns: columnWriterOf(model.inputs),
      read: readInTurns,
      check(answers, rows) {
        for (let row = 0; row < rows; row++) if (!outputs.isFinite(answers, row * outputs.width)) throw endless(row);
      },
      run,
      batcher,
      joins: savedByJoining(engine) > queueMicroseconds,
      text: answerTextOf(model, version, digest),
    },
    explainable: { profile: artifact.profile, engine: plain, cache: remembering?.explanations },
  };
}

/** What a row costs less in one run of several, in µs. */
function savedByJoining(engine: Engine): number {
  const measured = engine.choice?.measured ?? measure([engine]);
  const rowsOf = measured.map(({ rows }) => rows);
  const [fewest, most] = [Math.min(...rowsOf), Math.max(...rowsOf)];
  const perRow = (count: number) =>
    Math.min(...measured.filter(({ rows }) => rows === count).map(({ microseconds }) => microseconds / count));
  return perRow(fewest) - perRow(most);
}

function refusal(model: string, faults: readonly string[]): string {
  const shown = faults.slice(0, mostFaults).join('; ');
  const more = faults.length > mostFaults ? '; and more' : '';
  return `${shown}${more}. What the model takes: GET /v2/models/${model}`;
}
