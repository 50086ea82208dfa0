// The limits that type declarations don't hold: patterns, ranges and closed lists, each written beside the vendor's page it comes from.
import { isList, isRecord, type Properties, type Property } from '../engine/property.ts';
import type { InputFault } from '../engine/resource-model.ts';

/** @param path `sourceConfiguration.imageRepository.imageIdentifier`; an absent or unresolved value has no fault. */
export function pattern(inputs: Properties, path: string, allowed: RegExp): readonly InputFault[] {
  const value = at(inputs, path);
  if (typeof value !== 'string' || allowed.test(value)) return [];
  return [{ property: path, reason: `expected ${allowed.source}, found "${value}"` }];
}

export function oneOf(inputs: Properties, path: string, allowed: readonly string[]): readonly InputFault[] {
  const value = at(inputs, path);
  if (typeof value !== 'string' || allowed.includes(value)) return [];
  return [{ property: path, reason: `expected one of ${allowed.join(', ')}, found "${value}"` }];
}

export function range(inputs: Properties, path: string, least: number, most: number): readonly InputFault[] {
  const value = at(inputs, path);
  if (typeof value !== 'number' || (value >= least && value <= most)) return [];
  return [{ property: path, reason: `expected ${least} to ${most}, found ${value}` }];
}

/** The names of a map's keys that a vendor keeps for itself. */
export function reservedKeys(inputs: Properties, path: string, reserved: RegExp): readonly InputFault[] {
  const value = at(inputs, path);
  if (!isRecord(value)) return [];
  return Object.keys(value)
    .filter((key) => reserved.test(key))
    .map((key) => ({ property: `${path}.${key}`, reason: 'this name is reserved' }));
}

/** The value at a path; `undefined` where there is none. */
export function at(inputs: Properties, path: string): Property | undefined {
  let value: Property | undefined = inputs;
  for (const step of path.split('.')) {
    if (isRecord(value)) value = value[step];
    else if (isList(value)) value = value[Number(step)];
    else return undefined;
  }
  return value;
}
