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
const numbers = ['end', 'k', 'left', 'xRow', 'yRow', 'x0', 'x1', 'x2', 'x3'] as const;
const vectors = ['w0', 'w1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 's'] as const;
type Name = (typeof parameters)[number] | (typeof numbers)[number] | (typeof vectors)[number];

const locals = new Locals<Name>([...parameters, ...numbers, ...vectors]);
const get = (name: Name) => locals.get(name);
const set = (name: Name, value: Code) => locals.set(name, value);
const advance = (name: Name, by: Code) => set(name, add(get(name), by));

const rowNames = [
  { x: 'x0', low: 'a0', high: 'a1' },
  { x: 'x1', low: 'a2', high: 'a3' },
  { x: 'x2', low: 'a4', high: 'a5' },
  { x: 'x3', low: 'a6', high: 'a7' },
] as const satisfies readonly Readonly<Record<string, Name>>[];

/** Some rows by one panel; then to the next rows. */
function tile(count: number): Code {
  const rows = rowNames.slice(0, count);
  const begin = rows.flatMap(({ x, low, high }, index) => [
    ...set(x, index === 0 ? get('xRow') : add(get(rowNames[index - 1]?.x ?? 'x0'), get('xStride'))),
    ...set(low, load(get('w'))),
    ...set(high, load(get('w'), 16)),
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
  const rectify = rows.flatMap(({ low, high }) => [
    ...set(low, maxLanes(get(low), zeros)),
    ...set(high, maxLanes(get(high), zeros)),
  ]);
  const finish = rows.flatMap(({ low, high }) => [
    ...store(get('yRow'), get(low)),
    ...store(get('yRow'), get(high), 16),
    ...advance('yRow', get('yStride')),
  ]);
  return [
    ...begin,
    ...set('k', add(get('w'), constant(panelBytes))),
    ...repeatWhile(step, isBelow(get('k'), get('end'))),
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

/** @throws AppError `engine-missing`. */
function instanceOf(binary: Uint8Array<ArrayBuffer>) {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(binary));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const error = `expected WebAssembly with vectors for the engine simd, found ${found}; set ENGINE=compiled`;
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
  const { exports } = instanceOf(binary);
  const memory = exports.memory as Memory;
  memory.grow(Math.ceil(bytes / pageBytes));
  return { dense: exports.dense as Dense, memory: memory.buffer };
}
