// Reading a document somebody else wrote: every fault is collected, none stops the reading of the rest.
import { AppError, type AppErrorCode } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Collects what is wrong with one document, and reports it in one error. */
export class Faults {
  readonly #what: string;
  readonly #found: string[] = [];

  constructor(what: string) {
    this.#what = what;
  }

  add(place: string, message: string): void {
    this.#found.push(`${place}: ${message}`);
  }

  /** Adds a fault unless `holds`; returns `holds`, so that a caller can go on with what is well formed. */
  expect(holds: boolean, place: string, expected: string, found: unknown): boolean {
    if (!holds) this.add(place, `expected ${expected}, found ${describe(found)}`);
    return holds;
  }

  /** @throws AppError with every fault, when there is one. */
  raise(code: AppErrorCode): void {
    if (this.#found.length > 0) throw new AppError(code, `${this.#what}: ${this.#found.join('; ')}`);
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as an error may show it: its kind, and as much of it as is short. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  return String(value);
}

/** @throws AppError `document-invalid` when it is no JSON object, `schema-unknown` when it is of another version. */
export function parseJsonDocument(what: string, text: string, schema: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('document-invalid', `${what}: expected JSON, found something else`, { cause });
  }
  if (!isFields(value)) throw new AppError('document-invalid', `${what}: expected an object, found ${describe(value)}`);
  requireSchema(what, value, schema);
  return value;
}

export function requireSchema(what: string, fields: Fields, schema: string): void {
  if (fields.schema === schema) return;
  throw new AppError(
    'schema-unknown',
    `${what}: expected schema \`${schema}\`, found ${describe(fields.schema)}; a newer trireme may have written it: update this checkout`,
  );
}
