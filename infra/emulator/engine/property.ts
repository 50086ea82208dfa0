// Values as they travel between the engine and a provider: plain JavaScript on our side, protobuf structs with marked secrets and unknowns on the wire.

import type { JavaScriptValue, Struct as StructMessage } from 'google-protobuf/google/protobuf/struct_pb.js';
import { Struct } from './protobuf.ts';

/** A value that only exists once the resource does: the engine's previews carry it. */
export const unresolved: unique symbol = Symbol('unknown until created');

export type Property =
  | null
  | boolean
  | number
  | string
  | typeof unresolved
  | readonly Property[]
  | { readonly [key: string]: Property };
export type Properties = { readonly [key: string]: Property };

// The engine's markers: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go and plugin/rpc.go
const unknownSentinel = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const signatureKey = '4dabf18193072939515e22adb298388d';
const signatures = {
  secret: '1b47061264138c4ac30d75fd1eb44270',
  output: 'd0e6a833031e9bbcd3f4e8bde6ca49a4',
  resource: '5cf8f73096256a8f31e491e813e4eb8e',
} as const;
/** Unknowns of other types than string carry their own sentinels. */
const unknownSentinels = new Set([
  unknownSentinel,
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/** Null properties are left out: the engine sends them for what a program left undefined. */
export function fromStruct(struct: StructMessage | undefined): Properties {
  return struct === undefined ? {} : propertiesFrom(struct.toJavaScript());
}

export function toStruct(properties: Properties): StructMessage {
  return Struct.fromJavaScript(wireObject(properties));
}

export function isRecord(value: Property | undefined): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Property | undefined): value is readonly Property[] {
  return Array.isArray(value);
}

/** The string under a key; `undefined` where there is none or it is something else. */
export function text(properties: Property | undefined, key: string): string | undefined {
  const value = isRecord(properties) ? properties[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Parses JSON that came from a vendor's API into properties; absent and `null` members are left out. */
export function propertiesFrom(value: object): Properties {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, propertyFrom(member)]),
  );
}

function propertyFrom(value: unknown): Property {
  if (typeof value === 'string') return unknownSentinels.has(value) ? unresolved : value;
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map(propertyFrom);
  if (typeof value === 'object') return unmarked(value as Record<string, unknown>);
  throw new TypeError(`expected a JSON value, found ${typeof value}`);
}

/** A secret or output is its value; a reference to a resource is the id; anything else is an ordinary object. */
function unmarked(value: Record<string, unknown>): Property {
  switch (value[signatureKey]) {
    case signatures.secret:
      return propertyFrom(value.value ?? null);
    case signatures.output:
      return 'value' in value ? propertyFrom(value.value) : unresolved;
    case signatures.resource:
      return propertyFrom(value.id ?? unknownSentinel);
    default:
      return propertiesFrom(value);
  }
}

function wireValue(value: Property): JavaScriptValue {
  if (value === unresolved) return unknownSentinel;
  if (isList(value)) return value.map(wireValue);
  if (isRecord(value)) return wireObject(value);
  return value as null | boolean | number | string;
}

function wireObject(properties: Properties): { [key: string]: JavaScriptValue } {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, wireValue(value)]));
}
