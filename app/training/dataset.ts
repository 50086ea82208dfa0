// A CSV file as records and labels, every column in its own type, and the inputs a model will have.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { Faults } from '../model/document.ts';
import { AppError } from '../model/errors.ts';
import type { FeatureRecord } from '../model/features.ts';
import { momentsOf } from '../model/profile.ts';
import type { Label, Model, ModelInput } from '../model/schema.ts';
import type { Problem } from './problem.ts';

export interface Row {
  /** Without the fields that are empty in the file. */
  readonly record: FeatureRecord;
  readonly label: Label;
}
export interface Dataset {
  /** Of the file's bytes. */
  readonly digest: string;
  readonly rows: readonly Row[];
  readonly columns: Model['data']['schema'];
}

export const fewestRows = 40;
const mostCategories = 50;

/** @throws AppError `data-invalid` with every fault. */
export async function readDataset(problem: Problem): Promise<Dataset> {
  const bytes = await readFile(problem.data).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('data-invalid', `expected a CSV file at ${problem.data}, found ${cause.code ?? cause.message}`, {
      cause,
    });
  });
  return parseDataset(bytes, problem);
}

export function parseDataset(bytes: Buffer, problem: Problem): Dataset {
  const [header = [], ...lines] = parseCsv(bytes, problem.data);
  const faults = new Faults(problem.data);
  for (const column of [problem.label, ...problem.ignore, ...Object.keys(problem.units)]) {
    faults.expect(header.includes(column), `column \`${column}\``, 'it in the header', undefined);
  }
  faults.expect(
    new Set(header).size === header.length && !header.includes(''),
    'header',
    'names, each used once',
    header.join(','),
  );
  faults.expect(lines.length >= fewestRows, 'rows', `at least ${fewestRows}`, lines.length);
  faults.raise('data-invalid');

  const cells = (column: string) => lines.map((line) => line[header.indexOf(column)] ?? '');
  const columns = header
    .filter((column) => !problem.ignore.includes(column))
    .map((column) => {
      if (column === problem.label) return { column, kind: 'label' as const };
      return {
        column,
        kind: cells(column).every((cell) => cell === '' || isNumber(cell))
          ? ('numeric' as const)
          : ('categorical' as const),
      };
    });
  for (const { column, kind } of columns) {
    const distinct = new Set(cells(column)).size;
    if (kind === 'categorical' && distinct > mostCategories) {
      faults.add(
        `column \`${column}\``,
        `expected numbers, or at most ${mostCategories} categories, found ${distinct}; name it under \`ignore\` when it is no input`,
      );
    }
    if (kind !== 'label' && cells(column).every((cell) => cell === ''))
      faults.add(`column \`${column}\``, 'expected values, found none');
  }
  const labels = cells(problem.label);
  const empty = labels.indexOf('');
  if (empty >= 0) faults.add(`line ${empty + 2}`, `expected a label in \`${problem.label}\`, found none`);
  if (columns.length < 2) faults.add('header', 'expected at least one input beside the label');
  if (problem.task === 'regression' && !labels.every(isNumber))
    faults.add(`column \`${problem.label}\``, 'expected numbers, found other words');
  const classes = new Set(labels).size;
  if (problem.task === 'classification' && (classes < 2 || classes > lines.length / 4)) {
    faults.add(
      `column \`${problem.label}\``,
      `expected 2 to ${Math.floor(lines.length / 4)} classes, found ${classes}`,
    );
  }
  faults.raise('data-invalid');

  const typed = labelsInTheirType(labels);
  const rows = lines.map((line, index) => ({ record: recordOf(line, header, columns), label: typed[index] ?? '' }));
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, rows, columns };
}

/** @param rows the rows trained on: nothing held out may shape the inputs, the list of categories aside. */
export function inputsOf(dataset: Dataset, rows: readonly Row[], problem: Problem): ModelInput[] {
  return dataset.columns
    .filter(({ kind }) => kind !== 'label')
    .map(({ column, kind }): ModelInput => {
      const unit = problem.units[column];
      const common = { name: column, ...(unit === undefined ? {} : { unit }) };
      const isMissing = dataset.rows.some(({ record }) => record[column] === undefined);
      const present = rows.map(({ record }) => record[column]).filter((value) => value !== undefined);
      if (kind === 'numeric') {
        const numbers = present.map(Number);
        const { mean, std } = momentsOf(numbers);
        const range: [number, number] = [least(numbers), -least(numbers.map((value) => -value))];
        const missing = isMissing
          ? ({ missing: 'impute', replacement: mean } as const)
          : ({ missing: 'refuse' } as const);
        // A column that never changes tells nothing; dividing by 1 keeps it at 0.
        return { ...common, kind, range, mean, std: std || 1, ...missing };
      }
      const all = dataset.rows.map(({ record }) => record[column]).filter((value) => value !== undefined);
      const categories = [...new Set(all.map(String))].sort();
      const missing = isMissing
        ? ({ missing: 'impute', replacement: mostFrequent(present.map(String), categories) } as const)
        : ({ missing: 'refuse' } as const);
      return { ...common, kind: 'categorical', categories, ...missing };
    });
}

function parseCsv(bytes: Buffer, file: string): string[][] {
  try {
    return parse(bytes, { bom: true, trim: true, skip_empty_lines: true });
  } catch (cause) {
    throw new AppError(
      'data-invalid',
      `${file}: expected CSV with the same columns in every line, found ${(cause as Error).message}`,
      { cause },
    );
  }
}

function recordOf(line: readonly string[], header: readonly string[], columns: Dataset['columns']): FeatureRecord {
  const fields: [string, unknown][] = [];
  for (const { column, kind } of columns) {
    const cell = line[header.indexOf(column)] ?? '';
    if (kind !== 'label' && cell !== '') fields.push([column, kind === 'numeric' ? Number(cell) : cell]);
  }
  // No prototype: a column may be called `constructor`.
  return Object.assign(Object.create(null), Object.fromEntries(fields));
}

/** Numbers when every label is one as JSON writes it, booleans when every label is one, words otherwise: `007` stays a word. */
function labelsInTheirType(labels: readonly string[]): Label[] {
  if (labels.every((label) => label === 'true' || label === 'false')) return labels.map((label) => label === 'true');
  if (labels.every((label) => isNumber(label) && String(Number(label)) === label)) return labels.map(Number);
  return [...labels];
}

function isNumber(cell: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) && Number.isFinite(Math.fround(Number(cell)));
}

function least(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
}

function mostFrequent(values: readonly string[], categories: readonly string[]): string {
  const times = (category: string) => values.filter((value) => value === category).length;
  return categories.reduce((best, category) => (times(category) > times(best) ? category : best), categories[0] ?? '');
}
