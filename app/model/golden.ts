// `golden.json`: records and the answers training computed for them; serving warms up on them and refuses to start when it answers otherwise.
import { describe, Faults, isFields, parseJsonDocument } from './document.ts';
import type { FeatureRecord } from './features.ts';
import type { PredictionRow } from './prediction.ts';
import type { Model } from './schema.ts';

export const goldenSchema = 'trireme.golden/1';
/** A regression's answer is scaled up from the network's, and so is what engines round differently. */
export const goldenTolerances = { classification: 1e-6, regression: 1e-5 } as const;
export const fewestGoldenCases = 16;

export interface GoldenCase {
  readonly input: FeatureRecord;
  /** The prediction row without `predictionId`. */
  readonly output: PredictionRow;
}
export interface Golden {
  readonly schema: typeof goldenSchema;
  /** Largest allowed distance: `tolerance * max(1, |expected|, scale)`, where `scale` is the one a regression's answer was multiplied by. */
  readonly tolerance: number;
  readonly cases: readonly GoldenCase[];
}

/** @throws AppError `schema-unknown` or `document-invalid`. */
export function parseGolden(text: string): Golden {
  const fields = parseJsonDocument('golden.json', text, goldenSchema);
  const faults = new Faults('golden.json');
  faults.expect(Number(fields.tolerance) > 0, 'tolerance', 'a number above 0', fields.tolerance);
  const cases = Array.isArray(fields.cases) ? fields.cases : [];
  faults.expect(cases.length >= fewestGoldenCases, 'cases', `at least ${fewestGoldenCases}`, cases.length);
  for (const [index, one] of cases.entries()) {
    const wellFormed = isFields(one) && isFields(one.input) && isFields(one.output);
    faults.expect(wellFormed, `cases[${index}]`, 'an input and an output', one);
  }
  faults.raise('document-invalid');
  return fields as unknown as Golden;
}

/**
 * What one in the network's answer is in the model's: an answer near zero of a model whose answers are tens of thousands apart is right
 * to as many digits as the network's own, not to as many as itself has.
 */
export function scaleOf(model: Model): number {
  return model.task === 'regression' ? model.value.std : 1;
}

/** @returns the first difference between an expected row and one answered, in words; `undefined` when they agree. */
export function differenceOf(
  expected: PredictionRow,
  found: PredictionRow,
  tolerance: number,
  scale: number,
): string | undefined {
  for (const field of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [wanted, got] = [expected[field], found[field]];
    if (typeof wanted === 'number' && typeof got === 'number') {
      if (Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted), scale)) continue;
    } else if (wanted === got) continue;
    return `\`${field}\`: expected ${describe(wanted)}, found ${describe(got)}`;
  }
  return undefined;
}
