// A resource's inputs as plain data in which a value that is not known before the update has a mark of its own.
import { UnknownValueError } from '@pulumi/policy';

export const unknown: unique symbol = Symbol('not known before the update');

export type Value =
  | string
  | number
  | boolean
  | null
  | typeof unknown
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

export type Fields = { readonly [key: string]: Value | undefined };

/** `@pulumi/policy` gives a proxy that throws at the first unknown value, which would hide all others. */
export function plainFields(props: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.keys(props).map((key) => [key, plainAt(props, key)]));
}

function plainAt(holder: Readonly<Record<string, unknown>>, key: string): Value {
  let value: unknown;
  try {
    value = holder[key];
  } catch (error) {
    if (error instanceof UnknownValueError) return unknown;
    throw error;
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value !== 'object') return null;
  const inner = value as Record<string, unknown>;
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => plainAt(inner, String(index)));
  return plainFields(inner);
}

/** `template.scaling.maxInstanceCount`; below something unknown everything is unknown. */
export function at(value: Value | undefined, path: string): Value | undefined {
  let current = value;
  for (const key of path.split('.')) {
    if (current === unknown) return unknown;
    if (Array.isArray(current)) current = current[Number(key)];
    else if (isFields(current)) current = current[key];
    else return undefined;
  }
  return current;
}

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a list, each with its path; a list that is unknown is one unknown entry, one left out is none. */
export function entries(
  value: Value | undefined,
  path: string,
): readonly { readonly path: string; readonly value: Value }[] {
  const list = at(value, path);
  if (list === unknown) return [{ path, value: unknown }];
  return Array.isArray(list) ? list.map((one: Value, index) => ({ path: `${path}.${index}`, value: one })) : [];
}

/** IAM writes a list of one as the one. */
export function listed(value: Value | undefined): readonly Value[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value as Value];
}

/** Every text in it, however deep, with its path. */
export function texts(
  value: Value | undefined,
  path = '',
): readonly { readonly path: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((one: Value, index) => texts(one, join(path, String(index))));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, join(path, key)));
}

/** A document that a vendor takes as JSON text. `undefined`: it is none. */
export function parsedJson(value: Value | undefined): Value | undefined {
  if (value === unknown) return unknown;
  if (typeof value !== 'string') return isFields(value) ? value : undefined;
  try {
    return JSON.parse(value) as Value;
  } catch {
    return undefined;
  }
}

/** For people: never longer than a line. */
export function shown(value: Value | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (value === unknown) return 'a value that is not known before the update';
  const text = typeof value === 'string' ? `\`${value}\`` : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
