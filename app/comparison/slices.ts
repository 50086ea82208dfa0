// Cuts rows into slices by one column: numbers into parts of equal size, words each on their own. Pure.
import { quantileOf } from '../model/profile.ts';

/** What the problem file asks for. */
export interface SliceRule {
  readonly column: string;
  /** Into how many parts numbers are cut. */
  readonly bins: number;
}

export interface Slice {
  /** Names, as `proline ≤ 500`. */
  readonly groups: readonly string[];
  /** Of each row: its position in `groups`. */
  readonly groupOfRow: readonly number[];
}

/** More words than these are put together as the others. */
const mostWords = 20;

/** @param cells of the compared rows; empty where the row has none. Quantiles are taken over these rows. */
export function sliceBy({ column, bins }: SliceRule, cells: readonly string[]): Slice {
  const present = cells.filter((cell) => cell !== '');
  const numbers = present.map(Number);
  const isNumeric = numbers.every(Number.isFinite) && new Set(present).size > bins;
  return isNumeric ? byQuantile(column, bins, cells, numbers) : byWord(column, cells);
}

function byQuantile(column: string, bins: number, cells: readonly string[], numbers: readonly number[]): Slice {
  const sorted = [...numbers].sort((a, b) => a - b);
  const largest = sorted.at(-1) ?? 0;
  const cuts = Array.from({ length: bins - 1 }, (_, index) => quantileOf(sorted, (index + 1) / bins));
  // Where one value fills more than a part, two cuts are one; nothing lies above the largest value.
  const edges = [...new Set(cuts)].filter((edge) => edge < largest);
  const names = [...edges, Number.POSITIVE_INFINITY].map((edge, index) => {
    const below = edges[index - 1];
    if (below === undefined) return `${column} ≤ ${shown(edge === Number.POSITIVE_INFINITY ? largest : edge)}`;
    return edge === Number.POSITIVE_INFINITY
      ? `${column} > ${shown(below)}`
      : `${column} > ${shown(below)} to ${shown(edge)}`;
  });
  const partOf = (value: number) => edges.filter((edge) => value > edge).length;
  return withMissing(column, names, cells, (cell) => partOf(Number(cell)));
}

function byWord(column: string, cells: readonly string[]): Slice {
  const times = new Map<string, number>();
  for (const cell of cells) if (cell !== '') times.set(cell, (times.get(cell) ?? 0) + 1);
  const byCount = [...times].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
  const isMany = byCount.length > mostWords;
  const words = byCount.slice(0, isMany ? mostWords - 1 : mostWords).sort();
  const positions = new Map(words.map((word, index) => [word, index]));
  const names = [...words.map((word) => `${column} = ${word}`), ...(isMany ? [`${column}: others`] : [])];
  return withMissing(column, names, cells, (cell) => positions.get(cell) ?? words.length);
}

function withMissing(
  column: string,
  names: readonly string[],
  cells: readonly string[],
  groupOf: (cell: string) => number,
): Slice {
  const groups = cells.includes('') ? [...names, `${column}: none`] : names;
  return { groups, groupOfRow: cells.map((cell) => (cell === '' ? names.length : groupOf(cell))) };
}

function shown(edge: number): number {
  return Number(edge.toPrecision(6));
}
