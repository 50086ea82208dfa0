// Recorded requests, one JSON object of named fields a line, as `POST /predict` took them. Nobody knows their true labels.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, isFields } from '../model/document.ts';
import { AppError } from '../model/errors.ts';
import type { FeatureRecord } from '../model/features.ts';
import type { Contestant } from './contestant.ts';
import type { CsvOptions, RowsRead } from './csv.ts';
import type { Replay } from './replay.ts';

/** @throws AppError `data-invalid`, naming the line. */
export async function replayRecords(file: string, options: CsvOptions, replay: Replay): Promise<RowsRead> {
  const { running, candidate, rules, limit } = options;
  const sum = createHash('sha256');
  const stream = createReadStream(file);
  stream.on('data', (chunk) => sum.update(chunk));
  const projections = { running: projectionOf(running), candidate: projectionOf(candidate) };
  let line = 0;
  let taken = 0;
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() === '' || taken >= limit) continue;
      const record = parseRecord(file, line, text);
      taken++;
      replay.add({
        running: projections.running(record),
        candidate: projections.candidate(record),
        slices: rules.map(({ column }) => cellOf(record[column])),
      });
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new AppError('data-invalid', `${file}: expected a file of records, found ${code ?? message}`, { cause });
  }
  return { inputs: 'request records', inputsDigest: sum.digest('hex') };
}

function parseRecord(file: string, line: number, text: string): FeatureRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('data-invalid', `${file}: line ${line}: expected a JSON object, found something else`, {
      cause,
    });
  }
  if (isFields(value)) return value;
  throw new AppError(
    'data-invalid',
    `${file}: line ${line}: expected an object of named fields, found ${describe(value)}`,
  );
}

/** What one model takes of it: a request to one of them may have held fields that the other does not know. */
function projectionOf({ model }: Contestant): (record: FeatureRecord) => FeatureRecord {
  const names = model.inputs.map(({ name }) => name);
  return (record) => {
    const own: Record<string, unknown> = Object.create(null);
    for (const name of names) if (Object.hasOwn(record, name)) own[name] = record[name];
    return own;
  };
}

function cellOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
