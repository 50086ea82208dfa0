// Comparing prediction rows: numbers within the golden tolerance, everything else exactly.
import type { PredictionRows } from './delivery.ts';

/** The first field that differs: `case 3, field confidence: expected 0.98; found 0.41`. */
export interface Difference {
  readonly caseIndex: number;
  readonly field: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** Fields that differ from call to call by design. */
const volatileFields = new Set(['predictionId']);

export function firstDifference(
  expected: PredictionRows,
  found: PredictionRows,
  tolerance: number,
): Difference | undefined {
  for (const [caseIndex, row] of expected.entries()) {
    const other = found[caseIndex];
    if (other === undefined) return { caseIndex, field: '(row)', expected: row, found: undefined };
    for (const [field, value] of Object.entries(row)) {
      if (volatileFields.has(field) || agrees(value, other[field], tolerance)) continue;
      return { caseIndex, field, expected: value, found: other[field] };
    }
  }
  return found.length > expected.length
    ? { caseIndex: expected.length, field: '(row)', expected: undefined, found: found[expected.length] }
    : undefined;
}

function agrees(expected: unknown, found: unknown, tolerance: number): boolean {
  if (typeof expected === 'number' && typeof found === 'number') {
    return Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected));
  }
  return JSON.stringify(expected) === JSON.stringify(found);
}

export function differenceInWords(difference: Difference): string {
  return `case ${difference.caseIndex}, field ${difference.field}: ${JSON.stringify(difference.found)} instead of ${JSON.stringify(difference.expected)}`;
}
