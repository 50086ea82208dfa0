import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../model/features.ts';
import { recordWriterOf } from '../../model/record-writer.ts';
import type { ModelInput } from '../../model/schema.ts';

const inputs: readonly ModelInput[] = [
  { name: 'size', kind: 'numeric', mean: 2, std: 0.5, missing: 'refuse' },
  { name: 'colour', kind: 'categorical', categories: ['red', 'green', 'b"l`ue'], missing: 'refuse' },
  { name: 'it\'s "$1"\\', kind: 'numeric', mean: -1, std: 3, missing: 'impute', replacement: 4 },
  { name: 'constructor', kind: 'categorical', categories: ['a', 'b'], missing: 'impute', replacement: 'b' },
] as unknown as readonly ModelInput[];
const odd = inputs[2]?.name ?? '';

describe('the writer made for a model', () => {
  const quick = recordWriterOf(inputs);
  const careful = featuresOf(inputs);
  const whole = { size: 3.25, colour: 'green', [odd]: 7, constructor: 'a' };

  it.each<[string, unknown, boolean]>([
    ['a whole record', whole, true],
    ['another order', { constructor: 'b', [odd]: 1, colour: 'red', size: -0 }, true],
    ['a category that is no identifier', { ...whole, colour: 'b"l`ue' }, true],
    ['a missing field that is imputed', { size: 1, colour: 'red', constructor: 'a' }, true],
    ['null where it is imputed', { ...whole, [odd]: null, constructor: null }, true],
    ['a missing field', { colour: 'red', [odd]: 1, constructor: 'a' }, false],
    ['null where none may be missing', { ...whole, size: null }, false],
    ['an unknown field', { ...whole, weight: 1 }, false],
    ['an unknown field instead of a missing one', { ...whole, size: undefined, weight: 1 }, false],
    ['a prototype of its own making', JSON.parse('{"__proto__":{"size":1},"colour":"red"}'), false],
    ['a text for a number', { ...whole, size: '3' }, false],
    ['a number for a category', { ...whole, colour: 1 }, false],
    ['a category never seen', { ...whole, colour: 'pink' }, false],
    ['infinity', { ...whole, size: Number.POSITIVE_INFINITY }, false],
    ['no number', { ...whole, size: Number.NaN }, false],
    ['a number beyond 32 bits', { ...whole, size: 1e39 }, false],
    ['a number beyond 32 bits once it is standardised', { ...whole, size: -3e38 }, false],
    ['a list', [3.25, 'green'], false],
    ['nothing', null, false],
    ['a number', 7, false],
  ])('says about %s what the careful way says, and writes the same numbers', (_name, record, isTaken) => {
    const [a, b] = [new Float32Array(careful.width + 2).fill(9), new Float32Array(careful.width + 2).fill(9)];
    const faults = careful.write(record, b, 1);
    expect([quick(record, a, 1), faults.length === 0]).toEqual([isTaken, isTaken]);
    if (isTaken) expect(a).toEqual(b);
  });
});
