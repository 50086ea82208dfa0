// Puts rows through both models, many at a time, and keeps their answers in columns.
import { AppError } from '../model/errors.ts';
import type { FeatureRecord } from '../model/features.ts';
import type { Contestant } from './contestant.ts';
import type { Both } from './document.ts';
import { type SliceRule, sliceBy } from './slices.ts';
import type { Compared } from './summary.ts';

/** One row, as each of the two takes it. */
export interface ReplayRow {
  readonly running: FeatureRecord;
  readonly candidate: FeatureRecord;
  /** The true label as text; absent in all rows, or in none. */
  readonly truth?: string | undefined;
  /** Was the model trained on it? Absent where nobody recorded that. */
  readonly seenByRunning?: boolean | undefined;
  readonly seenByCandidate?: boolean | undefined;
  /** One cell for each slice rule. */
  readonly slices: readonly string[];
}

type KeptRow = Omit<ReplayRow, 'running' | 'candidate'>;

export interface Replay {
  add(row: ReplayRow): void;
  /** @throws AppError `data-invalid` when no row could be compared. */
  finish(): { readonly compared: Compared; readonly refused: Both };
}

const chunkRows = 2048;

export function createReplay(running: Contestant, candidate: Contestant, rules: readonly SliceRule[]): Replay {
  const lanes = { running: createLane(running), candidate: createLane(candidate) };
  const refused = { running: 0, candidate: 0 };
  // Without the records: 100,000 of them would only be carried about.
  const kept: KeptRow[] = [];
  let waiting: KeptRow[] = [];
  let firstFault: string | undefined;

  function refuse(who: 'running' | 'candidate', fault: string): void {
    refused[who]++;
    firstFault ??= `the ${who} model: ${fault}`;
  }

  function flush(): void {
    lanes.running.run(waiting.length);
    lanes.candidate.run(waiting.length);
    for (const [index, row] of waiting.entries()) {
      const answered = { running: lanes.running.hasAnswer(index), candidate: lanes.candidate.hasAnswer(index) };
      for (const who of ['running', 'candidate'] as const) {
        if (!answered[who]) refuse(who, 'its answer is no finite number');
      }
      if (!answered.running || !answered.candidate) continue;
      lanes.running.keep(index);
      lanes.candidate.keep(index);
      kept.push(row);
    }
    waiting = [];
  }

  return {
    add(row) {
      const faults = {
        running: lanes.running.take(row.running, waiting.length),
        candidate: lanes.candidate.take(row.candidate, waiting.length),
      };
      for (const who of ['running', 'candidate'] as const) {
        if (faults[who] !== undefined) refuse(who, faults[who]);
      }
      if (faults.running !== undefined || faults.candidate !== undefined) return;
      const { running: _, candidate: __, ...rest } = row;
      waiting.push(rest);
      if (waiting.length === chunkRows) flush();
    },

    finish() {
      flush();
      if (kept.length === 0) {
        throw new AppError(
          'data-invalid',
          firstFault === undefined
            ? 'expected at least one row to compare, found none'
            : `expected rows that both models take, found none; the first fault, ${firstFault}`,
        );
      }
      const truth = columnOf(kept, ({ truth }) => truth);
      const seenBy = {
        running: columnOf(kept, (row) => row.seenByRunning),
        candidate: columnOf(kept, (row) => row.seenByCandidate),
      };
      const answers = (who: 'running' | 'candidate') => ({
        ...lanes[who].answers,
        ...(seenBy[who] === undefined ? {} : { seen: seenBy[who] }),
      });
      const compared: Compared = {
        task: candidate.model.task,
        rows: kept.length,
        running: answers('running'),
        candidate: answers('candidate'),
        ...(truth === undefined ? {} : { truth }),
        slices: rules.map((rule, index) =>
          sliceBy(
            rule,
            kept.map(({ slices }) => slices[index] ?? ''),
          ),
        ),
      };
      return { compared, refused };
    },
  };
}

/** `undefined` unless every row has one. */
function columnOf<T>(rows: readonly KeptRow[], cellOf: (row: KeptRow) => T | undefined): readonly T[] | undefined {
  const cells = rows.map(cellOf).filter((cell) => cell !== undefined);
  return cells.length === rows.length ? cells : undefined;
}

/** One model's half of the chunk under way, and its answers so far. */
function createLane({ features, outputs, engine }: Contestant) {
  const inputs = new Float32Array(chunkRows * features.width);
  const answers = { label: [] as string[], confidence: [] as number[], value: [] as number[] };
  let rows: readonly ReturnType<typeof outputs.row>[] = [];
  return {
    answers,
    /** @returns what is wrong with the record. */
    take(record: FeatureRecord, position: number): string | undefined {
      return features.write(record, inputs, position * features.width)[0];
    },
    run(count: number): void {
      const found = engine.run(inputs, count);
      rows = Array.from({ length: count }, (_, index) => outputs.row(found, index * outputs.width));
    },
    hasAnswer: (index: number) => rows[index] !== undefined,
    keep(index: number): void {
      const { label = '', confidence = 0, value = 0 } = rows[index] ?? {};
      answers.label.push(String(label));
      answers.confidence.push(Number(confidence));
      answers.value.push(Number(value));
    },
  };
}
