import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../model/features.ts';
import { randomFrom } from '../../model/random.ts';
import { columnWriterOf, recordWriterOf } from '../../model/record-writer.ts';
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

describe('the writer of columns', () => {
  const quick = columnWriterOf(inputs);
  const careful = featuresOf(inputs);
  const names = inputs.map(({ name }) => name);
  const plain = [
    [1, -0, 2.5, 1e-320],
    ['red', 'green', 'b"l`ue'],
    [3, 1e30],
    ['a', 'b'],
  ];
  const odds = [null, undefined, 'pink', '1', true, Number.NaN, -Infinity, 1e39, -3e38, [1], {}, 'red', 7];

  it('asks again about a number that only rounds to one of 32 bits, which the careful way takes', () => {
    const wide = [{ name: 'wide', kind: 'numeric', mean: 0, std: 2, missing: 'refuse' }] as unknown as ModelInput[];
    const columns = new Map([['wide', [3.4028235e38]]]);
    expect(columnWriterOf(wide)(columns, 1, new Float32Array(1))).toBe(false);
    expect(featuresOf(wide).write({ wide: 3.4028235e38 }, new Float32Array(1), 0)).toEqual([]);
  });

  it('takes what the careful way takes of each of its rows, with the same numbers, and nothing else', () => {
    const random = randomFrom(7);
    const oneOf = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
    let taken = 0;
    for (let round = 0; round < 4000; round++) {
      const rows = 1 + Math.floor(random() * 3);
      const columns = new Map<string, ArrayLike<unknown>>();
      for (const [index, name] of names.entries()) {
        if (random() < 0.1) continue;
        const values = Array.from({ length: rows }, () =>
          oneOf<unknown>(random() < 0.05 ? odds : (plain[index] ?? [])),
        );
        const isBinary = values.every((value) => typeof value === 'number') && random() < 0.5;
        columns.set(name, isBinary ? Float64Array.from(values as number[]) : values);
      }
      const [a, b] = [new Float32Array(rows * careful.width), new Float32Array(rows * careful.width)];
      const faults = Array.from({ length: rows }, (_, row) => {
        const record = Object.fromEntries([...columns].map(([name, values]) => [name, values[row]]));
        return careful.write(record, b, row * careful.width);
      }).flat();
      const isTaken = quick(columns, rows, a);
      expect([isTaken, columns]).toEqual([faults.length === 0, columns]);
      if (isTaken) expect(a).toEqual(b);
      if (isTaken) taken++;
    }
    expect(taken).toBeGreaterThan(1000);
    expect(taken).toBeLessThan(3000);
  });
});
