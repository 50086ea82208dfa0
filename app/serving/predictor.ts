// A loaded model: records in, prediction rows out.
import { setImmediate as turn } from 'node:timers/promises';
import type { Engine } from '../engines/engine.ts';
import { type Artifact, shortDigest } from '../model/artifact.ts';
import { AppError } from '../model/errors.ts';
import { featuresOf } from '../model/features.ts';
import { differenceOf } from '../model/golden.ts';
import { outputsOf, type PredictionRow } from '../model/prediction.ts';
import { recordWriterOf } from '../model/record-writer.ts';
import type { Model } from '../model/schema.ts';
import { type AnswerText, answerTextOf } from './answer-text.ts';
import { Batcher, blockRows } from './batcher.ts';

export interface Predictor {
  readonly model: Model;
  readonly digest: string;
  /** The digest's first digits: what responses call the model's version. */
  readonly version: string;
  readonly engine: string;
  /** A record that the model takes, to show to people. */
  readonly example: object;
  /** @throws AppError `input-invalid` with what is wrong with which record. */
  predict(records: readonly unknown[]): PredictionRow[];
  /** The same, a block of rows at a time with a turn for the event loop between two: for many records. */
  predictInTurns(records: readonly unknown[]): Promise<PredictionRow[]>;
  /** The same in steps, without an object for each row, for who has many rows or little time. */
  readonly blocks: Blocks;
}

export interface Blocks {
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** @returns false for a record that `predict` must be asked about: it takes it after all, or says why not. */
  write(record: unknown, inputs: Float32Array, row: number): boolean;
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
const warmUpRounds = 10;

/** Rows of one run measured beside single rows. */
const joinedRows = 32;
/** A queue between requests costs more than one row of a quick engine: below this, answering at once is cheaper. */
const joiningPaysFrom = 2;

/** Answers only after it gave every golden answer. @throws AppError `golden-mismatch` or `network-unsupported`. */
export function createPredictor(artifact: Artifact, engine: Engine): Predictor {
  const { model, digest, golden } = artifact;
  const features = featuresOf(model.inputs);
  const outputs = outputsOf(model);
  const write = recordWriterOf(model.inputs);
  if (engine.inputWidth !== features.width || engine.outputWidth !== outputs.width) {
    throw new AppError(
      'network-unsupported',
      `network.json: expected ${features.width} numbers in and ${outputs.width} out, as model.json says, found ${engine.inputWidth} and ${engine.outputWidth}`,
    );
  }

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

  function compute(inputs: Float32Array, from: number, to: number, rows: PredictionRow[]): void {
    const answers = engine.run(inputs.subarray(from * features.width, to * features.width), to - from);
    for (let index = from; index < to; index++) {
      const row = outputs.row(answers, (index - from) * outputs.width);
      if (row === undefined) {
        throw new AppError(
          'input-invalid',
          refusal(model.name, [
            `record ${index}: expected inputs with a finite prediction, found values so far from the training data that it has none`,
          ]),
        );
      }
      rows.push(row);
    }
  }

  function predict(records: readonly unknown[]): PredictionRow[] {
    const inputs = new Float32Array(records.length * features.width);
    const faults: string[] = [];
    read(records, 0, records.length, inputs, faults);
    if (faults.length > 0) throw new AppError('input-invalid', refusal(model.name, faults));
    const rows: PredictionRow[] = [];
    compute(inputs, 0, records.length, rows);
    return rows;
  }

  async function predictInTurns(records: readonly unknown[]): Promise<PredictionRow[]> {
    const inputs = new Float32Array(records.length * features.width);
    const faults: string[] = [];
    const blocks = Array.from({ length: Math.ceil(records.length / blockRows) }, (_, index) => index * blockRows);
    for (const from of blocks) {
      if (!read(records, from, Math.min(from + blockRows, records.length), inputs, faults)) break;
      await turn();
    }
    if (faults.length > 0) throw new AppError('input-invalid', refusal(model.name, faults));
    const rows: PredictionRow[] = [];
    for (const from of blocks) {
      compute(inputs, from, Math.min(from + blockRows, records.length), rows);
      await turn();
    }
    return rows;
  }

  for (const [index, { input, output }] of golden.cases.entries()) {
    const [found = {}] = predict([input]);
    const difference = differenceOf(output, found, golden.tolerance);
    if (difference === undefined) continue;
    throw new AppError(
      'golden-mismatch',
      `golden case ${index}, ${difference}; engine \`${engine.name}\` does not compute this model as training did`,
    );
  }
  const everyInput = golden.cases.map(({ input }) => input);
  for (let round = 0; round < warmUpRounds; round++) predict(everyInput);

  const version = shortDigest(digest);
  const run: Engine['run'] = (inputs, rows) => engine.run(inputs, rows);
  return {
    model,
    digest,
    version,
    engine: engine.name,
    example: golden.cases[0]?.input ?? {},
    predict,
    predictInTurns,
    blocks: {
      inputWidth: features.width,
      outputWidth: outputs.width,
      write: (record, inputs, row) => write(record, inputs, row * features.width),
      run,
      batcher: new Batcher({ inputWidth: features.width, outputWidth: outputs.width, run }),
      joins: singleOverJoined(engine) > joiningPaysFrom,
      text: answerTextOf(model, version, digest),
    },
  };
}

/**
 * How much longer some rows take one by one than in one run. The quickest of several rounds, in turn: whatever disturbs a
 * measurement makes it longer.
 */
function singleOverJoined(engine: Engine): number {
  const inputs = new Float32Array(joinedRows * engine.inputWidth);
  let single = Number.POSITIVE_INFINITY;
  let joined = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const started = performance.now();
    for (let row = 0; row < joinedRows; row++) engine.run(inputs, 1);
    const between = performance.now();
    engine.run(inputs, joinedRows);
    single = Math.min(single, between - started);
    joined = Math.min(joined, performance.now() - between);
  }
  return single / joined;
}

function refusal(model: string, faults: readonly string[]): string {
  const shown = faults.slice(0, mostFaults).join('; ');
  const more = faults.length > mostFaults ? '; and more' : '';
  return `${shown}${more}. What the model takes: GET /v2/models/${model}`;
}
