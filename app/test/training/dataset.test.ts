import { describe, expect, it } from 'vitest';
import { inputsOf, parseDataset } from '../../training/dataset.ts';
import type { Problem } from '../../training/problem.ts';

const problem: Problem = {
  name: 'test',
  task: 'classification',
  data: 'test.csv',
  label: 'kind',
  ignore: ['id'],
  units: { size: 'cm' },
  seed: 1,
  heldOut: 0.2,
  acceptance: { metric: 'accuracy', atLeast: 0 },
  network: { layers: [4], epochs: 1, batchSize: 8, learningRate: 0.01 },
  settings: [],
  slices: [],
  cost: {},
};

/** 40 lines: `id,size,colour,kind`. */
function csv(line: (index: number) => string, header = 'id,size,colour,kind'): Buffer {
  return Buffer.from([header, ...Array.from({ length: 40 }, (_, index) => line(index))].join('\n'));
}
const good = (index: number) => `${index},${index / 2},${index % 3 ? 'red' : 'blue'},${index % 2}`;

describe('a dataset', () => {
  it('has every column in its own type, without what is ignored', () => {
    const { rows, columns } = parseDataset(csv(good), problem);
    expect(columns).toEqual([
      { column: 'size', kind: 'numeric' },
      { column: 'colour', kind: 'categorical' },
      { column: 'kind', kind: 'label' },
    ]);
    expect(rows[1]).toEqual({ record: { size: 0.5, colour: 'red' }, label: 1 });
  });

  it.each([
    ['whole numbers', ['1', '2'], [1, 2]],
    ['fractions', ['0.5', '-1.5'], [0.5, -1.5]],
    ['booleans', ['true', 'false'], [true, false]],
    ['words', ['a', 'b'], ['a', 'b']],
    ['numbers that would lose a zero', ['007', '008'], ['007', '008']],
    ['numbers and a word', ['1', 'x'], ['1', 'x']],
  ])('keeps labels in their own type: %s', (_name, labels, typed) => {
    const { rows } = parseDataset(
      csv((index) => `${index},1,red,${labels[index % 2]}`),
      problem,
    );
    expect([rows[0]?.label, rows[1]?.label]).toEqual(typed);
  });

  it('imputes where values are missing in training, and refuses missing ones elsewhere', () => {
    const dataset = parseDataset(
      csv((index) => (index === 3 ? `3,,,1` : good(index))),
      problem,
    );
    expect(dataset.rows[3]?.record).toEqual({});
    expect(inputsOf(dataset, dataset.rows, problem)).toMatchObject([
      { name: 'size', unit: 'cm', missing: 'impute', replacement: expect.any(Number) },
      { name: 'colour', missing: 'impute', replacement: 'red', categories: ['blue', 'red'] },
    ]);
    const complete = parseDataset(csv(good), problem);
    expect(inputsOf(complete, complete.rows, problem).map(({ missing }) => missing)).toEqual(['refuse', 'refuse']);
  });

  it('gives a column that never changes the deviation 1', () => {
    const dataset = parseDataset(
      csv((index) => `${index},7,red,${index % 2}`),
      problem,
    );
    expect(inputsOf(dataset, dataset.rows, problem)[0]).toMatchObject({ mean: 7, std: 1 });
  });

  it('reads what spreadsheets write: a byte order mark, CRLF, quotes', () => {
    const text = `\ufeff${csv((index) => `"${index}","1,5","red",${index % 2}`)
      .toString()
      .replaceAll('\n', '\r\n')}\r\n`;
    expect(parseDataset(Buffer.from(text), problem).rows).toHaveLength(40);
  });

  it.each([
    ['without the label', csv(good, 'id,size,colour,sort'), problem, /column `kind`/],
    ['without a column that is named', csv(good), { ...problem, ignore: ['id', 'ids'] }, /column `ids`/],
    ['with a column twice', csv(good, 'id,size,size,kind'), problem, /header/],
    ['with too few rows', Buffer.from('id,size,colour,kind\n1,1,red,1'), problem, /at least 40, found 1/],
    ['with lines of different lengths', csv((index) => (index === 5 ? '5,1' : good(index))), problem, /same columns/],
    ['with an empty label', csv((index) => (index === 5 ? '5,1,red,' : good(index))), problem, /line 7/],
    ['with an empty column', csv((index) => `${index},,red,${index % 2}`), problem, /column `size`: expected values/],
    ['with one class', csv((index) => `${index},1,red,1`), problem, /2 to 10 classes, found 1/],
    ['with a class for each row', csv((index) => `${index},1,red,${index}`), problem, /2 to 10 classes, found 40/],
    [
      'with words to regress on',
      csv((index) => `${index},1,red,x`),
      { ...problem, task: 'regression' } as const,
      /expected numbers/,
    ],
    [
      'with nothing but a label',
      csv((index) => `${index},${index % 2}`, 'id,kind'),
      { ...problem, units: {} },
      /at least one input/,
    ],
  ])('is refused %s', (_name, bytes, of, message) => {
    expect(() => parseDataset(bytes, of)).toThrow(
      expect.objectContaining({ code: 'data-invalid', message: expect.stringMatching(message) }),
    );
  });

  it('is refused when a column holds an identifier', () => {
    const many = Buffer.from(
      ['size,colour,kind', ...Array.from({ length: 60 }, (_, index) => `1,c${index},${index % 2}`)].join('\n'),
    );
    expect(() => parseDataset(many, { ...problem, ignore: [], units: {} })).toThrow(
      /at most 50 categories, found 60.*ignore/,
    );
  });
});
