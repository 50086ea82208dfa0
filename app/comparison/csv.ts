// Rows of a CSV file, each made ready for both models: records in their own types, the true label, and whether a model was trained on it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { AppError } from '../model/errors.ts';
import type { FeatureRecord } from '../model/features.ts';
import { fingerprintOf, printedCell } from '../model/training-rows.ts';
import { type Contestant, labelOf } from './contestant.ts';
import type { Inputs } from './document.ts';
import type { Replay } from './replay.ts';
import type { SliceRule } from './slices.ts';

export interface RowsRead {
  readonly inputs: Inputs;
  /** SHA-256 of the file. */
  readonly inputsDigest: string;
}

export interface CsvOptions {
  readonly running: Contestant;
  readonly candidate: Contestant;
  readonly rules: readonly SliceRule[];
  /** Rows put through, at most. */
  readonly limit: number;
}

/**
 * Puts the rows that the candidate was not trained on into the replay; all rows where nobody recorded which those are.
 * @throws AppError `data-invalid`, naming the column or the line.
 */
export async function replayCsv(file: string, options: CsvOptions, replay: Replay): Promise<RowsRead> {
  const sum = createHash('sha256');
  let reader: RowReader | undefined;
  let taken = 0;
  let trainedOn = 0;
  const onRow = (cells: readonly string[], { lines }: { readonly lines: number }): null => {
    if (reader === undefined) reader = openReader(file, cells, options);
    else if (taken < options.limit) {
      const row = reader.read(cells, lines);
      if (row.seenByCandidate === true) trainedOn++;
      else {
        taken++;
        replay.add(row);
      }
    }
    // Nothing is handed on: rows of a large file never pile up.
    return null;
  };
  const parser = parse({ bom: true, trim: true, skip_empty_lines: true, on_record: onRow });
  parser.resume();
  try {
    await pipeline(
      createReadStream(file, { highWaterMark: 1 << 20 }),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sum.update(chunk);
          yield chunk;
        }
      },
      parser,
    );
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const found = code?.startsWith('CSV_') ? message : (code ?? message);
    throw new AppError(
      'data-invalid',
      `${file}: expected a CSV file with the same columns in every line, found ${found}`,
      {
        cause,
      },
    );
  }
  if (reader === undefined)
    throw new AppError('data-invalid', `${file}: expected a header and rows, found an empty file`);
  if (taken === 0 && trainedOn > 0) {
    throw new AppError(
      'data-invalid',
      `${file}: expected rows that the candidate was not trained on, found none among ${trainedOn}`,
    );
  }
  return { inputs: reader.heldOut ? 'held-out data' : 'data', inputsDigest: sum.digest('hex') };
}

interface RowReader {
  /** Is it known which rows the candidate was trained on? */
  readonly heldOut: boolean;
  read(cells: readonly string[], line: number): Parameters<Replay['add']>[0];
}

function openReader(file: string, header: readonly string[], { running, candidate, rules }: CsvOptions): RowReader {
  const faults = [
    ...missingColumns('running', running, header),
    ...missingColumns('candidate', candidate, header),
    ...rules
      .filter(({ column }) => !header.includes(column))
      .map(({ column }) => `column \`${column}\`: expected it in the header, as \`slices\` names it`),
  ];
  if (faults.length > 0) throw new AppError('data-invalid', `${file}: ${faults.join('; ')}`);

  const records = { running: recordReader(running, header), candidate: recordReader(candidate, header) };
  const isOneRecord = kindsOf(running) === kindsOf(candidate);
  const label = labelOf(candidate);
  const labelAt = label === undefined ? -1 : header.indexOf(label);
  const asLabel = labelReader(candidate);
  const prints = { running: printReader(running, header), candidate: printReader(candidate, header) };
  const isOnePrint = JSON.stringify(running.model.data.schema) === JSON.stringify(candidate.model.data.schema);
  const sliceAt = rules.map(({ column }) => header.indexOf(column));
  return {
    heldOut: prints.candidate !== undefined,
    read(cells, line) {
      const cell = labelAt < 0 ? undefined : (cells[labelAt] ?? '');
      if (cell === '')
        throw new AppError('data-invalid', `${file}: line ${line}: expected a label in \`${label}\`, found none`);
      const own = prints.candidate?.(cells);
      const others = isOnePrint && own !== undefined ? own : prints.running?.(cells);
      const record = records.candidate(cells);
      return {
        running: isOneRecord ? record : records.running(cells),
        candidate: record,
        truth: cell === undefined ? undefined : asLabel(cell),
        seenByRunning: others === undefined ? undefined : running.seen?.has(others),
        seenByCandidate: own === undefined ? undefined : candidate.seen?.has(own),
        slices: sliceAt.map((at) => cells[at] ?? ''),
      };
    },
  };
}

function kindsOf({ model }: Contestant): string {
  return JSON.stringify(model.inputs.map(({ name, kind }) => [name, kind]));
}

function missingColumns(role: string, { model }: Contestant, header: readonly string[]): string[] {
  return model.inputs
    .filter(({ name }) => !header.includes(name))
    .map(({ name }) => `column \`${name}\`: expected it in the header, as the ${role} model takes it`);
}

function recordReader({ model }: Contestant, header: readonly string[]): (cells: readonly string[]) => FeatureRecord {
  const columns = model.inputs.map(({ name, kind }) => ({
    name,
    at: header.indexOf(name),
    isNumeric: kind === 'numeric',
  }));
  return (cells) => {
    // No prototype: a column may be called `constructor`.
    const record: Record<string, unknown> = Object.create(null);
    for (const { name, at, isNumeric } of columns) {
      const cell = cells[at] ?? '';
      if (cell !== '') record[name] = isNumeric ? numberOr(cell) : cell;
    }
    return record;
  };
}

/** A word where a number belongs stays a word: the model refuses it by name. */
function numberOr(cell: string): number | string {
  const number = Number(cell);
  return Number.isNaN(number) ? cell : number;
}

/** As training wrote labels down: a number may be written in several ways, a word in one. */
function labelReader({ model }: Contestant): (cell: string) => string {
  const isNumber = model.task === 'regression' || typeof model.classes[0]?.label === 'number';
  return isNumber ? (cell) => printedCell(Number(cell)) : (cell) => cell;
}

/** `undefined` when the file lacks a column of the training data, or nobody recorded which rows the model was trained on. */
function printReader(
  contestant: Contestant,
  header: readonly string[],
): ((cells: readonly string[]) => number) | undefined {
  const { model, seen } = contestant;
  if (seen === undefined || !model.data.schema.every(({ column }) => header.includes(column))) return undefined;
  const asLabel = labelReader(contestant);
  const columns = model.data.schema.map(({ column, kind }) => ({ at: header.indexOf(column), kind }));
  return (cells) =>
    fingerprintOf(
      columns.map(({ at, kind }) => {
        const cell = cells[at] ?? '';
        if (cell === '' || kind === 'categorical') return cell;
        return kind === 'label' ? asLabel(cell) : isPrinted(cell) ? cell : printedCell(Number(cell));
      }),
    );
}

/** Written as JavaScript writes that number; most are, and asking is faster than writing it again. */
function isPrinted(cell: string): boolean {
  return cell.length <= 15 && /^(?!-0$)-?(0|[1-9]\d*)(\.\d{0,5}[1-9])?$/.test(cell);
}
