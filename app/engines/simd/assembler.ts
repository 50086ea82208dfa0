// WebAssembly as bytes: the few instructions a dense layer needs, and the sections around one function.
// https://webassembly.github.io/spec/core/binary/

export type Code = readonly number[];

const i32 = 0x7f;
const v128 = 0x7b;
const nothing = 0x40;

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Signed LEB128, of numbers from 0. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x40) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Unaligned access is allowed: the alignment is a hint. */
const memory = (offset: number): number[] => [0, ...leb(offset)];
const vector = (opcode: number): number[] => [0xfd, ...leb(opcode)];

/** A function's parameters and variables by name. */
export class Locals<Name extends string> {
  readonly #names: readonly Name[];

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  get(name: Name): Code {
    return [0x20, ...leb(this.#names.indexOf(name))];
  }

  set(name: Name, value: Code): Code {
    return [...value, 0x21, ...leb(this.#names.indexOf(name))];
  }
}

export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const subtract = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const isBelow = (a: Code, b: Code): Code => [...a, ...b, 0x49];
export const isAtLeast = (a: Code, b: Code): Code => [...a, ...b, 0x4f];

export const when = (condition: Code, code: Code): Code => [...condition, 0x04, nothing, ...code, 0x0b];
/** Runs once before it asks. */
export const repeatWhile = (code: Code, condition: Code): Code => [0x03, nothing, ...code, ...condition, 0x0d, 0, 0x0b];

/** Four numbers of 32 bits. */
export const load = (address: Code, offset = 0): Code => [...address, ...vector(0x00), ...memory(offset)];
/** One number, four times. */
export const loadSplat = (address: Code): Code => [...address, ...vector(0x09), ...memory(0)];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  ...vector(0x0b),
  ...memory(offset),
];
export const zeros: Code = [...vector(0x0c), ...Array<number>(16).fill(0)];
export const addLanes = (a: Code, b: Code): Code => [...a, ...b, ...vector(0xe4)];
export const multiplyLanes = (a: Code, b: Code): Code => [...a, ...b, ...vector(0xe6)];
/** Not a number stays so. */
export const maxLanes = (a: Code, b: Code): Code => [...a, ...b, ...vector(0xe9)];

const section = (id: number, content: Code): number[] => [id, ...leb(content.length), ...content];
const text = (value: string): number[] => [...leb(value.length), ...Buffer.from(value)];

export interface FunctionParts {
  readonly name: string;
  /** Whole numbers, like the variables after them. */
  readonly parameters: number;
  readonly numbers: number;
  readonly vectors: number;
  readonly code: Code;
}

/** A module that exports one function and its memory, which the caller makes larger. */
export function moduleOf({ name, parameters, numbers, vectors, code }: FunctionParts): Uint8Array<ArrayBuffer> {
  const variables = [2, ...leb(numbers), i32, ...leb(vectors), v128];
  const body = [...variables, ...code, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, ...leb(parameters), ...Array<number>(parameters).fill(i32), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 0]),
    ...section(7, [2, ...text(name), 0, 0, ...text('memory'), 2, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
