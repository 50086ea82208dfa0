// The inner loops of a dense layer: four rows by eight columns at once, in vectors of four numbers of 32 bits.
import { AppError } from '../../model/errors.ts';
import {
  add,
  addLanes,
  type Code,
  constant,
  isAtLeast,
  isBelow,
  Locals,
  load,
  loadSplat,
  maxLanes,
  moduleOf,
  multiply,
  multiplyLanes,
  repeatWhile,
  store,
  subtract,
  when,
  zeros,
} from './assembler.ts';

/** Columns that are computed together; a layer's last panel is filled up with zeros. */
export const panelColumns = 8;
const panelBytes = panelColumns * 4;
/** Rows that are computed together: each weight is read once for all of them. */
const tileRows = 4;
/**
 * Products that are summed before the sum is added to those before it: what rounding in 32 bits makes of a wide layer then grows with
 * its blocks, not with its width. Fewer cost time, more cost digits.
 */
const blockInputs = 32;

/**
 * Addresses and strides in bytes. The weights are panels: eight biases, then eight weights for each input.
 * @param rows at least one. @param panels at least one.
 */
export type Dense = (
  x: number,
  xStride: number,
  weights: number,
  y: number,
  yStride: number,
  rows: number,
  inputWidth: number,
  panels: number,
  isRelu: number,
) => void;

const parameters = ['x', 'xStride', 'w', 'y', 'yStride', 'rows', 'inputs', 'panels', 'relu'] as const;
const numbers = ['end', 'k', 'stop', 'left', 'xRow', 'yRow', 'x0', 'x1', 'x2', 'x3'] as const;
const sums = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'] as const;
const totals = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7'] as const;
const vectors = ['w0', 'w1', 's', ...sums, ...totals] as const;
type Name = (typeof parameters)[number] | (typeof numbers)[number] | (typeof vectors)[number];

const locals = new Locals<Name>([...parameters, ...numbers, ...vectors]);
const get = (name: Name) => locals.get(name);
const set = (name: Name, value: Code) => locals.set(name, value);
const advance = (name: Name, by: Code) => set(name, add(get(name), by));

const rowNames = [
  { x: 'x0', low: 'a0', high: 'a1', lowTotal: 't0', highTotal: 't1' },
  { x: 'x1', low: 'a2', high: 'a3', lowTotal: 't2', highTotal: 't3' },
  { x: 'x2', low: 'a4', high: 'a5', lowTotal: 't4', highTotal: 't5' },
  { x: 'x3', low: 'a6', high: 'a7', lowTotal: 't6', highTotal: 't7' },
] as const satisfies readonly Readonly<Record<string, Name>>[];

/** Some rows by one panel; then to the next rows. */
function tile(count: number): Code {
  const rows = rowNames.slice(0, count);
  const begin = rows.flatMap(({ x, lowTotal, highTotal }, index) => [
    ...set(x, index === 0 ? get('xRow') : add(get(rowNames[index - 1]?.x ?? 'x0'), get('xStride'))),
    ...set(lowTotal, load(get('w'))),
    ...set(highTotal, load(get('w'), 16)),
  ]);
  const step = [
    ...set('w0', load(get('k'))),
    ...set('w1', load(get('k'), 16)),
    ...rows.flatMap(({ x, low, high }) => [
      ...set('s', loadSplat(get(x))),
      ...set(low, addLanes(get(low), multiplyLanes(get('s'), get('w0')))),
      ...set(high, addLanes(get(high), multiplyLanes(get('s'), get('w1')))),
      ...advance(x, constant(4)),
    ]),
    ...advance('k', constant(panelBytes)),
  ];
  const block = [
    ...rows.flatMap(({ low, high }) => [...set(low, zeros), ...set(high, zeros)]),
    ...set('stop', add(get('k'), constant(blockInputs * panelBytes))),
    ...when(isBelow(get('end'), get('stop')), set('stop', get('end'))),
    ...repeatWhile(step, isBelow(get('k'), get('stop'))),
    ...rows.flatMap(({ low, high, lowTotal, highTotal }) => [
      ...set(lowTotal, addLanes(get(lowTotal), get(low))),
      ...set(highTotal, addLanes(get(highTotal), get(high))),
    ]),
  ];
  const rectify = rows.flatMap(({ lowTotal, highTotal }) => [
    ...set(lowTotal, maxLanes(get(lowTotal), zeros)),
    ...set(highTotal, maxLanes(get(highTotal), zeros)),
  ]);
  const finish = rows.flatMap(({ lowTotal, highTotal }) => [
    ...store(get('yRow'), get(lowTotal)),
    ...store(get('yRow'), get(highTotal), 16),
    ...advance('yRow', get('yStride')),
  ]);
  return [
    ...begin,
    ...set('k', add(get('w'), constant(panelBytes))),
    ...repeatWhile(block, isBelow(get('k'), get('end'))),
    ...when(get('relu'), rectify),
    ...finish,
    ...advance('xRow', multiply(get('xStride'), constant(count))),
    ...set('left', subtract(get('left'), constant(count))),
  ];
}

/** While so many rows are left. */
function tiles(count: number): Code {
  const enough = isAtLeast(get('left'), constant(count));
  return when(enough, repeatWhile(tile(count), enough));
}

const panel: Code = [
  ...set('end', add(add(get('w'), constant(panelBytes)), multiply(get('inputs'), constant(panelBytes)))),
  ...set('xRow', get('x')),
  ...set('yRow', get('y')),
  ...set('left', get('rows')),
  ...tiles(tileRows),
  ...tiles(1),
  ...set('w', get('end')),
  ...advance('y', constant(panelBytes)),
  ...set('panels', subtract(get('panels'), constant(1))),
];

/** Node has it; its types are those of browsers, which are not asked for here. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
const pageBytes = 65_536;

/** @throws AppError `engine-missing`, also where there is too little memory for it. */
function instanceOf(binary: Uint8Array<ArrayBuffer>, bytes: number) {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary));
    const memory = exports.memory as Memory;
    memory.grow(Math.ceil(bytes / pageBytes));
    return { dense: exports.dense as Dense, memory: memory.buffer };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const error = `expected WebAssembly with vectors and ${bytes} bytes of memory for the engine simd, found ${found}; set ENGINE=compiled`;
    throw new AppError('engine-missing', error, { cause });
  }
}

/** @returns the loops, with a memory of at least so many bytes. */
export function denseLoops(bytes: number): { readonly dense: Dense; readonly memory: ArrayBuffer } {
  const binary = moduleOf({
    name: 'dense',
    parameters: parameters.length,
    numbers: numbers.length,
    vectors: vectors.length,
    code: repeatWhile(panel, get('panels')),
  });
  return instanceOf(binary, bytes);
}
