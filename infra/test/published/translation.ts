// What the tables of requests are made of: names and places of members, changed as the vendor's provider changes them.
import { isList, isRecord, type Properties, type Property } from '../../emulator/engine/property.ts';
import type { ModelName } from './schema.ts';

/** One request of the vendor's API: the model, the operation, the body. */
export type Request = readonly [model: ModelName, operation: string, body: Properties];
/** By Pulumi's type: the requests with which the vendor's provider makes such a resource. */
export type Requests = Readonly<Record<string, (inputs: Properties) => readonly Request[]>>;

export function dropped(properties: Properties, keys: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([key, value]) => !keys.includes(key) && value !== null && value !== undefined),
  );
}

/** Every key at every depth, except in maps whose keys are the user's. */
export function renamed(properties: Properties, rename: (key: string) => string): Properties {
  const inside = (value: Property): Property => {
    if (isList(value)) return value.map(inside);
    return isRecord(value) ? renamed(value, rename) : value;
  };
  return Object.fromEntries(
    Object.entries(dropped(properties, [])).map(([key, value]) => [rename(key), inside(value)]),
  );
}
