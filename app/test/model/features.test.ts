import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../model/features.ts';
import type { ModelInput } from '../../model/schema.ts';

const inputs: ModelInput[] = [
  { name: 'age', kind: 'numeric', missing: 'refuse', range: [0, 100], mean: 50, std: 10 },
  { name: 'colour', kind: 'categorical', missing: 'refuse', categories: ['blue', 'red'] },
  { name: 'height', kind: 'numeric', missing: 'impute', range: [1, 2], mean: 1.5, std: 0.5, replacement: 2 },
];

function write(record: unknown): { faults: string[]; vector: number[] } {
  const features = featuresOf(inputs);
  const vector = new Float32Array(features.width);
  return { faults: features.write(record, vector, 0), vector: [...vector] };
}

describe('features', () => {
  it('standardises numbers, spreads categories and fills in what may be missing', () => {
    expect(write({ age: 60, colour: 'red' })).toEqual({ faults: [], vector: [1, 0, 1, 1] });
    expect(write({ age: 60, colour: 'blue', height: null })).toEqual({ faults: [], vector: [1, 1, 0, 1] });
    expect(write({ height: 1, colour: 'blue', age: 50 })).toEqual({ faults: [], vector: [0, 1, 0, -1] });
  });

  it.each([
    ['no object', 'red', ['expected an object of named fields, found "red"']],
    ['null', null, ['expected an object of named fields, found null']],
    ['an array', [1], ['expected an object of named fields, found an array']],
    ['two missing fields', {}, ['missing field `age`', 'missing field `colour`']],
    ['null where nothing may be missing', { age: null, colour: 'red' }, ['missing field `age`']],
    ['an unknown field', { age: 1, colour: 'red', size: 3 }, ['unknown field "size"']],
    ['a number in a string', { age: '1', colour: 'red' }, ['`age`: expected a number, found "1"']],
    ['a boolean', { age: true, colour: 'red' }, ['`age`: expected a number, found true']],
    ['an object', { age: {}, colour: 'red' }, ['`age`: expected a number, found an object']],
    [
      'infinity',
      JSON.parse('{"age":1e999,"colour":"red"}'),
      ['`age`: expected a number that fits 32-bit floating point, found Infinity'],
    ],
    [
      'a number that is infinite in 32 bits',
      { age: 1e39, colour: 'red' },
      ['`age`: expected a number that fits 32-bit floating point, found 1e+39'],
    ],
    ['an unknown category', { age: 1, colour: 'green' }, ['`colour`: expected one of "blue", "red", found "green"']],
    ['a category of another type', { age: 1, colour: 7 }, ['`colour`: expected one of "blue", "red", found 7']],
    ['a key of every object', JSON.parse('{"age":1,"colour":"red","__proto__":{}}'), ['unknown field "__proto__"']],
  ])('refuses %s and names it', (_name, record, faults) => {
    expect(write(record).faults).toEqual(faults);
  });

  it('does not take what an object inherits for a field', () => {
    const named = featuresOf([
      { name: 'constructor', kind: 'numeric', missing: 'refuse', range: [0, 1], mean: 0, std: 1 },
    ]);
    expect(named.write({}, new Float32Array(1), 0)).toEqual(['missing field `constructor`']);
  });
});
