// Which engine answers how many rows, from what was measured. Pure.

export interface Measurement {
  readonly engine: string;
  readonly rows: number;
  /** Of one run with that many rows. */
  readonly microseconds: number;
}

/** From this many rows on, up to the next step's. */
export interface Step {
  readonly fromRows: number;
  readonly engine: string;
}

/** An engine that was tried and does not serve this model, however quick. */
export interface Dropped {
  readonly engine: string;
  /** In words: what it was expected to answer, and what it did. */
  readonly reason: string;
}

export interface Choice {
  /** Ascending; the first is from one row on. */
  readonly plan: readonly Step[];
  readonly measured: readonly Measurement[];
  readonly dropped: readonly Dropped[];
}

/** An engine takes over from another only where it is quicker by this: a measurement that differs by less says nothing. */
export const worthChanging = 1.1;

/**
 * Each number of rows that was measured goes to the quickest engine, unless the one before it is nearly as quick. Above the largest
 * number nothing changes any more. @param measured every engine at the same numbers of rows; at a tie the first one listed. @throws RangeError for none.
 */
export function planOf(measured: readonly Measurement[]): readonly Step[] {
  const rowCounts = [...new Set(measured.map(({ rows }) => rows))].sort((a, b) => a - b);
  const steps: Step[] = [];
  for (const [index, rows] of rowCounts.entries()) {
    const here = measured.filter((one) => one.rows === rows);
    const quickest = here.reduce((best, one) => (one.microseconds < best.microseconds ? one : best));
    const before = here.find(({ engine }) => engine === steps.at(-1)?.engine);
    if (before !== undefined && before.microseconds < quickest.microseconds * worthChanging) continue;
    if (quickest.engine !== before?.engine) steps.push({ fromRows: index === 0 ? 1 : rows, engine: quickest.engine });
  }
  if (steps.length === 0) throw new RangeError('expected at least one measurement; found none');
  return steps;
}

/** `simd`; `compiled to 7 rows, simd from 8`. */
export function planWords(plan: readonly Step[]): string {
  return plan
    .map(({ fromRows, engine }, index) => {
      const next = plan[index + 1]?.fromRows;
      if (next !== undefined) return `${engine} to ${next - 1} ${next === 2 ? 'row' : 'rows'}`;
      return fromRows === 1 ? engine : `${engine} from ${fromRows}`;
    })
    .join(', ');
}

/** `simd 1 row 1.3 µs, 64 rows 14.2 µs; compiled 1 row 3.3 µs, …`. */
export function measuredWords(measured: readonly Measurement[]): string {
  const engines = [...new Set(measured.map(({ engine }) => engine))];
  return engines
    .map((engine) => {
      const own = measured.filter((one) => one.engine === engine);
      const words = own.map(
        ({ rows, microseconds }) => `${rows} ${rows === 1 ? 'row' : 'rows'} ${microseconds.toFixed(1)} µs`,
      );
      return `${engine} ${words.join(', ')}`;
    })
    .join('; ');
}

/** `simd: golden case 2, \`value\`: expected …`. */
export function droppedWords(dropped: readonly Dropped[]): string {
  return dropped.map(({ engine, reason }) => `${engine}: ${reason}`).join('; ');
}
