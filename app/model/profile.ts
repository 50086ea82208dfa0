// `profile.json`, the reference profile: what each input looked like in training, for monitoring to compare live requests with.
import { Faults, isFields, parseJsonDocument } from './document.ts';
import type { FeatureRecord } from './features.ts';
import type { Label, ModelInput } from './schema.ts';

export const profileSchema = 'trireme.profile/1';

export interface NumericProfile {
  readonly name: string;
  readonly kind: 'numeric';
  readonly count: number;
  readonly missing: number;
  readonly mean: number;
  readonly std: number;
  /** The value at 0 %, 5 %, … 100 % of the sorted values. */
  readonly quantiles: readonly number[];
}
export interface CategoricalProfile {
  readonly name: string;
  readonly kind: 'categorical';
  readonly count: number;
  readonly missing: number;
  readonly counts: Readonly<Record<string, number>>;
}
export interface Profile {
  readonly schema: typeof profileSchema;
  readonly rows: number;
  readonly features: readonly (NumericProfile | CategoricalProfile)[];
  /** How often each label was seen, or the labels' own numbers in a regression. */
  readonly label: NumericProfile | CategoricalProfile;
}

export function profileOf(
  inputs: readonly ModelInput[],
  records: readonly FeatureRecord[],
  labels: readonly Label[],
  task: 'classification' | 'regression',
): Profile {
  const features = inputs.map((input) => {
    const values = records.map((record) => record[input.name]);
    return input.kind === 'numeric' ? numericProfile(input.name, values) : categoricalProfile(input.name, values);
  });
  const label = task === 'regression' ? numericProfile('label', labels) : categoricalProfile('label', labels);
  return { schema: profileSchema, rows: records.length, features, label };
}

/** @throws AppError `schema-unknown` or `document-invalid`. */
export function parseProfile(text: string): Profile {
  const fields = parseJsonDocument('profile.json', text, profileSchema);
  const faults = new Faults('profile.json');
  const features = Array.isArray(fields.features) ? fields.features : [fields.features];
  for (const [index, one] of features.entries()) {
    const isNumeric = isFields(one) && one.kind === 'numeric' && Array.isArray(one.quantiles);
    const isCategorical = isFields(one) && one.kind === 'categorical' && isFields(one.counts);
    faults.expect(
      isNumeric || isCategorical,
      `features[${index}]`,
      'quantiles of numbers or counts of categories',
      one,
    );
  }
  faults.raise('document-invalid');
  return fields as unknown as Profile;
}

/** The median of each number and the most frequent of each category: a record nobody need have sent, in the middle of those that were. */
export function typicalRecord(inputs: readonly ModelInput[], { features }: Profile): FeatureRecord {
  const typical = inputs.map((input) => {
    const profile = features.find(({ name }) => name === input.name);
    if (profile?.kind === 'numeric') return profile.count === 0 ? input.replacement : profile.quantiles[10];
    const counts = Object.entries(profile?.counts ?? {}).sort(([, a], [, b]) => b - a);
    return counts[0]?.[0] ?? input.replacement;
  });
  return Object.fromEntries(inputs.map(({ name }, index) => [name, typical[index]]));
}

export function momentsOf(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  return { mean, std: Math.sqrt(variance) };
}

/** The value at a share of the sorted values, between two neighbours in proportion. */
export function quantileOf(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? 0;
  const high = sorted[Math.ceil(position)] ?? 0;
  return low + (high - low) * (position - Math.floor(position));
}

function numericProfile(name: string, values: readonly unknown[]): NumericProfile {
  const present = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  const quantiles = Array.from({ length: 21 }, (_, step) => quantileOf(present, step / 20));
  return {
    name,
    kind: 'numeric',
    count: present.length,
    missing: values.length - present.length,
    ...momentsOf(present),
    quantiles,
  };
}

function categoricalProfile(name: string, values: readonly unknown[]): CategoricalProfile {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value !== undefined && value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const count = sorted.reduce((sum, [, times]) => sum + times, 0);
  return { name, kind: 'categorical', count, missing: values.length - count, counts: Object.fromEntries(sorted) };
}
