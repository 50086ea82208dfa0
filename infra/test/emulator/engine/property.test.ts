import { describe, expect, it } from 'vitest';
import { fromStruct, type Properties, toStruct, unresolved } from '../../../emulator/engine/property.ts';
import { Struct } from '../../../emulator/engine/protobuf.ts';

const mark = '4dabf18193072939515e22adb298388d';
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

describe('values between the engine and a provider', () => {
  const cases: readonly [string, Parameters<typeof Struct.fromJavaScript>[0], Properties][] = [
    ['plain values', { a: 'x', b: 1, c: true, d: [1, { e: 'y' }] }, { a: 'x', b: 1, c: true, d: [1, { e: 'y' }] }],
    ['null properties, which are left out', { a: null, b: { c: null } }, { b: {} }],
    ['unknowns', { a: unknown, b: [unknown] }, { a: unresolved, b: [unresolved] }],
    ['secrets, as their value', { a: { [mark]: '1b47061264138c4ac30d75fd1eb44270', value: 's' } }, { a: 's' }],
    ['outputs, as their value', { a: { [mark]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4', value: 'o' } }, { a: 'o' }],
    ['outputs without a value, as unknown', { a: { [mark]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4' } }, { a: unresolved }],
    ['references, as the id', { a: { [mark]: '5cf8f73096256a8f31e491e813e4eb8e', urn: 'u', id: 'i' } }, { a: 'i' }],
  ];
  it.each(cases)('reads %s', (_what, sent, read) => {
    expect(fromStruct(Struct.fromJavaScript(sent))).toEqual(read);
  });

  it('writes what it reads', () => {
    const properties: Properties = { a: 'x', n: 0, empty: {}, list: [{ b: unresolved }, []] };
    expect(fromStruct(toStruct(properties))).toEqual(properties);
    expect(toStruct({ a: unresolved }).toJavaScript()).toEqual({ a: unknown });
  });
});
