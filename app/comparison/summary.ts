// Two models' answers to the same rows, counted: which labels flip, where, how sure each is, and what that costs. Pure.
import { AppError } from '../model/errors.ts';
import { quantileOf } from '../model/profile.ts';
import type { Both, Group, Preview } from './document.ts';
import type { Slice } from './slices.ts';

/** One model's answers, a column each; labels as text, `value` in a regression. */
export interface Answers {
  readonly label: readonly string[];
  readonly confidence: readonly number[];
  readonly value: readonly number[];
  /** Whether the model was trained on that row; absent where nobody recorded it. */
  readonly seen?: readonly boolean[];
}

export interface Compared {
  readonly task: Preview['task'];
  readonly rows: number;
  readonly running: Answers;
  readonly candidate: Answers;
  /** Absent where the true labels are unknown. */
  readonly truth?: readonly string[];
  readonly slices: readonly Slice[];
}

/** True class to predicted class to what it costs; what is left out costs nothing. */
export type CostMatrix = Readonly<Record<string, Readonly<Record<string, number>>>>;

type Summary = Pick<
  Preview,
  | 'task'
  | 'trainedOn'
  | 'total'
  | 'classesBy'
  | 'perClass'
  | 'perSlice'
  | 'flips'
  | 'shift'
  | 'gained'
  | 'lost'
  | 'unseen'
  | 'cost'
>;

/** @throws AppError `problem-invalid` for a cost of a class that is neither answered nor true anywhere. */
export function summarise(compared: Compared, known: readonly string[], cost: CostMatrix | undefined): Summary {
  const { task, rows, running, candidate, truth, slices } = compared;
  const all = Array.from({ length: rows }, (_, row) => row);
  const groupOf = (name: string, of: readonly number[]) => group(compared, name, of);
  const classOf = truth ?? running.label;
  const shifts = all
    .filter((row) => stays(compared, row))
    .map((row) => shiftOf(compared, row))
    .sort((a, b) => a - b);
  return {
    task,
    trainedOn: { running: countSeen(running), candidate: countSeen(candidate) },
    total: groupOf('all', all),
    classesBy: truth === undefined ? 'running' : 'true label',
    perClass:
      task === 'regression' ? [] : groupsBy(all, (row) => classOf[row] ?? '').map(([name, of]) => groupOf(name, of)),
    perSlice: slices.flatMap(({ groups, groupOfRow }) =>
      groups.map((name, index) =>
        groupOf(
          name,
          all.filter((row) => groupOfRow[row] === index),
        ),
      ),
    ),
    flips: flipsOf(compared, all),
    ...(task === 'classification' && shifts.length > 0
      ? {
          shift: {
            p5: round(quantileOf(shifts, 0.05)),
            p50: round(quantileOf(shifts, 0.5)),
            p95: round(quantileOf(shifts, 0.95)),
          },
        }
      : {}),
    ...winsOf(compared, all),
    ...unseenOf(compared, all),
    ...costOf(compared, all, known, cost),
  };
}

function group(compared: Compared, name: string, of: readonly number[]): Group {
  const { task, running, candidate } = compared;
  if (task === 'regression') {
    const changes = of.map((row) => at(candidate.value, row) - at(running.value, row));
    const error = errorOf(compared, of);
    const largestChange = round(changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0));
    const value = { meanChange: mean(changes), largestChange, ...(error === undefined ? {} : { error }) };
    return { name, rows: of.length, flips: 0, confidenceShift: 0, value };
  }
  const staying = of.filter((row) => stays(compared, row));
  const accuracy = accuracyOf(compared, of);
  return {
    name,
    rows: of.length,
    flips: of.length - staying.length,
    confidenceShift: mean(staying.map((row) => shiftOf(compared, row))),
    ...(accuracy === undefined ? {} : { accuracy }),
  };
}

function accuracyOf({ running, candidate, truth }: Compared, of: readonly number[]): Both | undefined {
  if (truth === undefined || of.length === 0) return undefined;
  const share = ({ label }: Answers) => round(of.filter((row) => label[row] === truth[row]).length / of.length);
  return { running: share(running), candidate: share(candidate) };
}

function errorOf({ running, candidate, truth }: Compared, of: readonly number[]): Both | undefined {
  if (truth === undefined || of.length === 0) return undefined;
  const rmse = ({ value }: Answers) =>
    round(Math.sqrt(of.reduce((sum, row) => sum + (at(value, row) - Number(truth[row])) ** 2, 0) / of.length));
  return { running: rmse(running), candidate: rmse(candidate) };
}

function flipsOf(compared: Compared, all: readonly number[]): Summary['flips'] {
  if (compared.task === 'regression') return [];
  const { running, candidate } = compared;
  const flipped = all.filter((row) => !stays(compared, row));
  const pairs = groupsBy(flipped, (row) => JSON.stringify([running.label[row], candidate.label[row]]));
  return pairs
    .map(([pair, of]) => {
      const [from = '', to = ''] = JSON.parse(pair) as string[];
      return { from, to, rows: of.length };
    })
    .sort((a, b) => b.rows - a.rows || compare(a.from, b.from) || compare(a.to, b.to));
}

function winsOf(
  { task, running, candidate, truth }: Compared,
  all: readonly number[],
): Pick<Summary, 'gained' | 'lost'> {
  if (truth === undefined || task === 'regression') return {};
  const only = (one: Answers, other: Answers) =>
    all.filter((row) => one.label[row] === truth[row] && other.label[row] !== truth[row]).length;
  return { gained: only(candidate, running), lost: only(running, candidate) };
}

function unseenOf(compared: Compared, all: readonly number[]): Pick<Summary, 'unseen'> {
  const { running, candidate, truth, task } = compared;
  if (running.seen === undefined || candidate.seen === undefined || truth === undefined) return {};
  const of = all.filter((row) => running.seen?.[row] === false && candidate.seen?.[row] === false);
  const found = task === 'regression' ? { error: errorOf(compared, of) } : { accuracy: accuracyOf(compared, of) };
  const known = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { unseen: { rows: of.length, ...known } };
}

function costOf(
  { task, running, candidate, truth }: Compared,
  all: readonly number[],
  known: readonly string[],
  cost: CostMatrix | undefined,
): Pick<Summary, 'cost'> {
  if (cost === undefined || truth === undefined || task === 'regression' || all.length === 0) return {};
  const classes = new Set([...known, ...truth]);
  const named = Object.entries(cost).flatMap(([from, row]) => [from, ...Object.keys(row)]);
  const unknown = named.find((name) => !classes.has(name));
  if (unknown !== undefined) {
    throw new AppError(
      'problem-invalid',
      `cost: expected classes, of ${[...classes].sort(compare).join(', ')}, found ${JSON.stringify(unknown)}`,
    );
  }
  const perThousand = ({ label }: Answers) =>
    round((1000 * all.reduce((sum, row) => sum + (cost[truth[row] ?? '']?.[label[row] ?? ''] ?? 0), 0)) / all.length);
  return { cost: { running: perThousand(running), candidate: perThousand(candidate) } };
}

function stays({ running, candidate }: Compared, row: number): boolean {
  return running.label[row] === candidate.label[row];
}

function shiftOf({ running, candidate }: Compared, row: number): number {
  return at(candidate.confidence, row) - at(running.confidence, row);
}

function countSeen({ seen }: Answers): number | null {
  return seen === undefined ? null : seen.filter(Boolean).length;
}

/** Sorted by name: the same rows in another order make the same document. */
function groupsBy(rows: readonly number[], nameOf: (row: number) => string): [string, number[]][] {
  return [...Map.groupBy(rows, nameOf)].sort(([a], [b]) => compare(a, b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function mean(values: readonly number[]): number {
  return round(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
}

function at(values: readonly number[], row: number): number {
  return values[row] ?? Number.NaN;
}

/** Nine digits after the point: what the last bits of a sum say must not decide whether two documents are the same. Never -0. */
function round(value: number): number {
  return Math.round(value * 1e9) / 1e9 + 0;
}
