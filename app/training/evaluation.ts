// How good a model is on rows it never saw, each number with its 95 % interval.
import { quantileOf } from '../model/profile.ts';
import type { Random } from '../model/random.ts';
import type { Label, Metric } from '../model/schema.ts';

/** The 97.5 % quantile of the normal distribution. */
const z = 1.959963984540054;
const resamples = 1000;

/** Accuracy, and for every class the share of its rows that were found. */
export function evaluateClassifier(expected: readonly Label[], found: readonly Label[]): Record<string, Metric> {
  const hits = expected.map((label, index) => label === found[index]);
  const estimates: Record<string, Metric> = { accuracy: wilson(hits) };
  for (const label of [...new Set(expected)].sort((a, b) => (a < b ? -1 : 1))) {
    estimates[`recall of ${label}`] = wilson(hits.filter((_, index) => expected[index] === label));
  }
  return estimates;
}

export function evaluateRegressor(
  expected: readonly number[],
  found: readonly number[],
  random: Random,
): Record<string, Metric> {
  const everyRow = expected.map((_, index) => index);
  const samples = Array.from({ length: resamples }, () => everyRow.map(() => Math.floor(random() * everyRow.length)));
  const estimate = (measure: Measure): Metric => {
    const values = samples.map((rows) => measure(expected, found, rows)).sort((a, b) => a - b);
    return {
      value: measure(expected, found, everyRow),
      low: quantileOf(values, 0.025),
      high: quantileOf(values, 0.975),
      method: 'bootstrap',
    };
  };
  return { r2: estimate(r2), rmse: estimate(rmse), mae: estimate(mae) };
}

/** Wilson's interval for a share; it stays inside 0 and 1 however few rows there are. */
export function wilson(hits: readonly boolean[]): Metric {
  const rows = hits.length;
  const value = hits.filter(Boolean).length / rows;
  const centre = (value + z ** 2 / (2 * rows)) / (1 + z ** 2 / rows);
  const reach = (z / (1 + z ** 2 / rows)) * Math.sqrt((value * (1 - value)) / rows + z ** 2 / (4 * rows ** 2));
  return { value, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach), method: 'wilson' };
}

type Measure = (expected: readonly number[], found: readonly number[], rows: readonly number[]) => number;

const errorsOf: (...of: Parameters<Measure>) => number[] = (expected, found, rows) =>
  rows.map((row) => (found[row] ?? 0) - (expected[row] ?? 0));

const mae: Measure = (...of) => meanOf(errorsOf(...of).map(Math.abs));

const rmse: Measure = (...of) => Math.sqrt(meanOf(errorsOf(...of).map((error) => error ** 2)));

const r2: Measure = (expected, found, rows) => {
  const mean = meanOf(rows.map((row) => expected[row] ?? 0));
  const spread = meanOf(rows.map((row) => ((expected[row] ?? 0) - mean) ** 2));
  // Rows that are all alike have no spread to explain.
  return spread === 0 ? 0 : 1 - meanOf(errorsOf(expected, found, rows).map((error) => error ** 2)) / spread;
};

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
