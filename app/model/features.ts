// From a record of named fields to the numbers a network takes: the one place where training and serving must agree.
import { describe } from './document.ts';
import type { Model, ModelInput } from './schema.ts';

/** One input as people send it: field name to value. */
export type FeatureRecord = Readonly<Record<string, unknown>>;

/** Bound to one model once, used for every record. */
export interface Features {
  /** How many numbers the network takes. */
  readonly width: number;
  /**
   * Writes the record's numbers into `target` from `offset` on.
   * @returns what is wrong with the record, every fault; nothing was refused when it is empty.
   */
  write(record: unknown, target: Float32Array, offset: number): string[];
}

export function featuresOf(inputs: Model['inputs']): Features {
  const known = new Set(inputs.map((input) => input.name));
  const widths = inputs.map(widthOf);
  const width = widths.reduce((sum, one) => sum + one, 0);

  return {
    width,
    write(record, target, offset) {
      if (typeof record !== 'object' || record === null || Array.isArray(record)) {
        return [`expected an object of named fields, found ${describe(record)}`];
      }
      const faults: string[] = [];
      for (const name of Object.keys(record)) {
        if (!known.has(name)) faults.push(`unknown field ${describe(name)}`);
      }
      let at = offset;
      for (const [index, input] of inputs.entries()) {
        const value = Object.hasOwn(record, input.name) ? (record as FeatureRecord)[input.name] : undefined;
        const fault = writeInput(input, value, target, at);
        if (fault !== undefined) faults.push(fault);
        at += widths[index] ?? 0;
      }
      return faults;
    },
  };
}

/** How many of the network's numbers an input is. */
export function widthOf(input: ModelInput): number {
  return input.kind === 'numeric' ? 1 : input.categories.length;
}

function writeInput(input: ModelInput, given: unknown, target: Float32Array, at: number): string | undefined {
  let value = given;
  if (value === undefined || value === null) {
    if (input.missing === 'refuse') return `missing field \`${input.name}\``;
    value = input.replacement;
  }
  if (input.kind === 'categorical') {
    const index = typeof value === 'string' ? input.categories.indexOf(value) : -1;
    if (index < 0) return `\`${input.name}\`: expected ${oneOf(input.categories)}, found ${describe(value)}`;
    target.fill(0, at, at + input.categories.length);
    target[at + index] = 1;
    return undefined;
  }
  if (typeof value !== 'number') return `\`${input.name}\`: expected a number, found ${describe(value)}`;
  // Finite is not enough: 1e39 is finite here and infinite in the 32 bits the network counts in.
  const scaled = Math.fround((value - input.mean) / input.std);
  if (!Number.isFinite(Math.fround(value)) || !Number.isFinite(scaled)) {
    return `\`${input.name}\`: expected a number that fits 32-bit floating point, found ${describe(value)}`;
  }
  target[at] = scaled;
  return undefined;
}

function oneOf(categories: readonly string[]): string {
  const shown = categories.slice(0, 12).map((category) => JSON.stringify(category));
  const more = categories.length - shown.length;
  return `one of ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
