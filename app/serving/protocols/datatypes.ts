// The protocol's datatypes: what each may hold in JSON, and its bytes in the binary tensor extension (little-endian, row-major).
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
import { endianness } from 'node:os';

/** An element as it is in a record or a prediction row. */
export type Element = number | string | boolean;

/** The numbers of a binary tensor. */
export type Numbers = Float32Array | Float64Array;

interface Fixed {
  readonly bytes: number;
  /** The same bytes as an array of this machine, where it counts so. */
  readonly array?: new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => Numbers;
  /** Smallest and largest of a whole-number type, as far as a JavaScript number is exact. */
  readonly whole?: readonly [number, number];
  read(view: DataView, at: number): Element;
  write(view: DataView, at: number, value: Element): void;
}

const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number;

/** Every datatype whose elements have one size; `BYTES` is the other. */
const sized: Readonly<Record<string, Fixed>> = {
  BOOL: {
    bytes: 1,
    read: (view, at) => view.getUint8(at) !== 0,
    write: (view, at, it) => view.setUint8(at, it ? 1 : 0),
  },
  INT8: {
    bytes: 1,
    whole: [-128, 127],
    read: (view, at) => view.getInt8(at),
    write: (view, at, it) => view.setInt8(at, Number(it)),
  },
  UINT8: {
    bytes: 1,
    whole: [0, 255],
    read: (view, at) => view.getUint8(at),
    write: (view, at, it) => view.setUint8(at, Number(it)),
  },
  INT16: {
    bytes: 2,
    whole: [-32_768, 32_767],
    read: (view, at) => view.getInt16(at, true),
    write: (view, at, it) => view.setInt16(at, Number(it), true),
  },
  UINT16: {
    bytes: 2,
    whole: [0, 65_535],
    read: (view, at) => view.getUint16(at, true),
    write: (view, at, it) => view.setUint16(at, Number(it), true),
  },
  INT32: {
    bytes: 4,
    whole: [-(2 ** 31), 2 ** 31 - 1],
    read: (view, at) => view.getInt32(at, true),
    write: (view, at, it) => view.setInt32(at, Number(it), true),
  },
  UINT32: {
    bytes: 4,
    whole: [0, 2 ** 32 - 1],
    read: (view, at) => view.getUint32(at, true),
    write: (view, at, it) => view.setUint32(at, Number(it), true),
  },
  INT64: {
    bytes: 8,
    whole: [least, most],
    read: (view, at) => Number(view.getBigInt64(at, true)),
    write: (view, at, it) => view.setBigInt64(at, BigInt(it), true),
  },
  UINT64: {
    bytes: 8,
    whole: [0, most],
    read: (view, at) => Number(view.getBigUint64(at, true)),
    write: (view, at, it) => view.setBigUint64(at, BigInt(it), true),
  },
  FP16: { bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)), write: () => {} },
  FP32: {
    bytes: 4,
    array: Float32Array,
    read: (view, at) => view.getFloat32(at, true),
    write: (view, at, it) => view.setFloat32(at, Number(it), true),
  },
  FP64: {
    bytes: 8,
    array: Float64Array,
    read: (view, at) => view.getFloat64(at, true),
    write: (view, at, it) => view.setFloat64(at, Number(it), true),
  },
};

const isLittleEndian = endianness() === 'LE';

/** By the client's word: a map, where what every object has is not found. */
export const fixed: ReadonlyMap<string, Fixed> = new Map(Object.entries(sized));

export const numericDatatypes: readonly string[] = [...fixed.keys()].filter((name) => name !== 'BOOL');

/** @returns the elements; what is wrong with the bytes, in words, when they are not `datatype`. */
export function readBinary(bytes: Buffer, datatype: string): readonly Element[] | Numbers | string {
  const type = fixed.get(datatype);
  if (type === undefined) return readStrings(bytes);
  if (bytes.length % type.bytes !== 0) {
    return `a multiple of ${type.bytes} bytes, the size of ${datatype}, found ${bytes.length}`;
  }
  const count = bytes.length / type.bytes;
  if (type.array !== undefined && isLittleEndian && bytes.byteOffset % type.bytes === 0)
    return new type.array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (datatype === 'BOOL') return Array.from({ length: count }, (_, index) => type.read(view, index));
  const elements = new Float64Array(count);
  for (let index = 0; index < count; index++) elements[index] = Number(type.read(view, index * type.bytes));
  return elements;
}

/** As `JSON.stringify` of an array of them. */
export function writeJson(elements: readonly Element[] | Float32Array): string {
  return elements instanceof Float32Array ? `[${elements.join(',')}]` : JSON.stringify(elements);
}

export function writeBinary(elements: readonly Element[] | Float32Array, datatype: string): Buffer {
  const type = fixed.get(datatype);
  if (type === undefined) {
    return Buffer.concat(
      Array.from<Element>(elements).flatMap((element) => {
        const text = Buffer.from(String(element));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  }
  if (elements instanceof Float32Array && datatype === 'FP32' && isLittleEndian)
    return Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  const bytes = Buffer.alloc(elements.length * type.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < elements.length; index++)
    type.write(view, index * type.bytes, elements[index] as Element);
  return bytes;
}

/** `BYTES`: each element is its length in four bytes and then itself. */
function readStrings(bytes: Buffer): readonly Element[] | string {
  const elements: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + 4;
    const to = from <= bytes.length ? from + bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (to > bytes.length) return 'elements that end with the tensor, found one that is longer';
    elements.push(bytes.toString('utf8', from, to));
    at = to;
  }
  return elements;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}
