// `model.json`: what a model takes, what it answers and what it needs, as training writes it and serving believes it.
import { describe, Faults, type Fields, isFields, parseJsonDocument } from './document.ts';

export const modelSchema = 'trireme.model/1';
export const modelNamePattern = /^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$/;
export const slugPattern = /^[a-z0-9_]+$/;
export const settingNamePattern = /^[A-Z][A-Z0-9_]*$/;

export type Label = number | string | boolean;

interface Input {
  readonly name: string;
  readonly unit?: string;
  /** `refuse`: a record without it is refused. `impute`: it is taken to be `replacement`. */
  readonly missing: 'refuse' | 'impute';
}
export interface NumericInput extends Input {
  readonly kind: 'numeric';
  /** Smallest and largest value seen in training: for people and monitoring, not a limit. */
  readonly range: readonly [number, number];
  /** Preprocessing: the network sees `(value - mean) / std`. */
  readonly mean: number;
  readonly std: number;
  readonly replacement?: number;
}
export interface CategoricalInput extends Input {
  readonly kind: 'categorical';
  /** Preprocessing: one network input per category, 1 for the one that holds. */
  readonly categories: readonly string[];
  readonly replacement?: string;
}
export type ModelInput = NumericInput | CategoricalInput;

/** A class: its label in the type it had in training, and the word for it in field names (`p_<slug>`). */
export interface ModelClass {
  readonly label: Label;
  readonly slug: string;
}

/** The network answers a standardised value: `value * std + mean` is the prediction. */
export interface ModelValue {
  readonly mean: number;
  readonly std: number;
}

/** An estimate on held-out rows and its 95 % interval. */
export interface Metric {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** How the interval was found: `wilson`, `bootstrap`. */
  readonly method: string;
}

/** An environment variable the model needs when it serves; without it the service never becomes ready. */
export interface NeededSetting {
  readonly name: string;
  readonly why: string;
}

interface ModelFields {
  readonly schema: typeof modelSchema;
  readonly name: string;
  readonly inputs: readonly ModelInput[];
  readonly format: 'tfjs-layers';
  readonly metrics: { readonly heldOutRows: number; readonly estimates: Readonly<Record<string, Metric>> };
  readonly data: {
    readonly digest: string;
    readonly rows: number;
    readonly schema: readonly { readonly column: string; readonly kind: 'numeric' | 'categorical' | 'label' }[];
  };
  readonly settings: readonly NeededSetting[];
}
export interface Classifier extends ModelFields {
  readonly task: 'classification';
  readonly classes: readonly ModelClass[];
}
export interface Regressor extends ModelFields {
  readonly task: 'regression';
  readonly value: ModelValue;
}
export type Model = Classifier | Regressor;

/** @throws AppError `schema-unknown`, or `document-invalid` with every fault in one message. */
export function parseModel(text: string): Model {
  const fields = parseJsonDocument('model.json', text, modelSchema);
  const faults = new Faults('model.json');
  faults.expect(
    typeof fields.name === 'string' && modelNamePattern.test(fields.name),
    'name',
    'lower-case letters, digits, dashes and underscores',
    fields.name,
  );
  faults.expect(fields.format === 'tfjs-layers', 'format', '`tfjs-layers`', fields.format);
  checkInputs(fields.inputs, faults);
  if (fields.task === 'classification') checkClasses(fields.classes, faults);
  else if (fields.task === 'regression') checkScale('value', fields.value, faults);
  else faults.add('task', `expected \`classification\` or \`regression\`, found ${describe(fields.task)}`);
  faults.expect(isFields(fields.metrics) && isFields(fields.metrics.estimates), 'metrics', 'estimates', fields.metrics);
  faults.expect(
    isFields(fields.data) && /^sha256:[0-9a-f]{64}$/.test(String(fields.data.digest)),
    'data.digest',
    '`sha256:` and 64 hexadecimal digits',
    isFields(fields.data) ? fields.data.digest : fields.data,
  );
  checkSettings(fields.settings, faults);
  faults.raise('document-invalid');
  return fields as unknown as Model;
}

/** @param place what to call it in a fault. */
export function checkSettings(settings: unknown, faults: Faults): void {
  if (!faults.expect(Array.isArray(settings), 'settings', 'a list, empty when none is needed', settings)) return;
  for (const [index, setting] of (settings as unknown[]).entries()) {
    const { name, why } = isFields(setting) ? setting : ({} as Fields);
    const place = `settings[${index}]`;
    faults.expect(
      typeof name === 'string' && settingNamePattern.test(name),
      `${place}.name`,
      'an upper-case variable name',
      name,
    );
    faults.expect(
      typeof why === 'string' && why.trim() !== '',
      `${place}.why`,
      'a sentence for the person who has to set it',
      why,
    );
  }
}

function checkInputs(inputs: unknown, faults: Faults): void {
  if (!faults.expect(Array.isArray(inputs) && inputs.length > 0, 'inputs', 'at least one', inputs)) return;
  const names = new Set<unknown>();
  for (const [index, input] of (inputs as unknown[]).entries()) {
    const place = `inputs[${index}]`;
    if (!isFields(input)) {
      faults.add(place, `expected an object, found ${describe(input)}`);
      continue;
    }
    faults.expect(typeof input.name === 'string' && input.name !== '', `${place}.name`, 'a name', input.name);
    faults.expect(!names.has(input.name), `${place}.name`, 'a name used once', input.name);
    names.add(input.name);
    if (input.kind === 'numeric') checkScale(place, input, faults);
    else if (input.kind === 'categorical') {
      faults.expect(
        Array.isArray(input.categories) && input.categories.every((category) => typeof category === 'string'),
        `${place}.categories`,
        'a list of strings',
        input.categories,
      );
    } else faults.add(`${place}.kind`, `expected \`numeric\` or \`categorical\`, found ${describe(input.kind)}`);
    if (input.missing === 'impute') {
      const type = input.kind === 'numeric' ? 'number' : 'string';
      faults.expect(typeof input.replacement === type, `${place}.replacement`, `a ${type}`, input.replacement);
    } else faults.expect(input.missing === 'refuse', `${place}.missing`, '`refuse` or `impute`', input.missing);
  }
}

function checkClasses(classes: unknown, faults: Faults): void {
  if (!faults.expect(Array.isArray(classes) && classes.length > 1, 'classes', 'at least two', classes)) return;
  const slugs = new Set<unknown>();
  for (const [index, one] of (classes as unknown[]).entries()) {
    const { label, slug } = isFields(one) ? one : ({} as Fields);
    const place = `classes[${index}]`;
    faults.expect(['number', 'string', 'boolean'].includes(typeof label), `${place}.label`, 'a label', label);
    const usable = typeof slug === 'string' && slugPattern.test(slug) && !slugs.has(slug);
    faults.expect(usable, `${place}.slug`, 'letters a-z, digits and underscores, used once', slug);
    slugs.add(slug);
  }
}

function checkScale(place: string, scale: unknown, faults: Faults): void {
  const { mean, std } = isFields(scale) ? scale : ({} as Fields);
  faults.expect(Number.isFinite(mean), `${place}.mean`, 'a number', mean);
  faults.expect(Number.isFinite(std) && Number(std) > 0, `${place}.std`, 'a number above 0', std);
}
