// The protocol's datatypes and the arrays that hold them; bytes are little-endian and row-major.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md

export type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

interface ArrayKind {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): NumberArray;
}

/** `BOOL` has a byte for each element; FP16 is handed on as its bits, because not every engine has such numbers. */
const kinds: Readonly<Record<string, ArrayKind>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The datatype that a typed array has unless the caller says another of the same size. */
export function datatypeOf(data: NumberArray): string {
  return Object.entries(kinds).find(([name, kind]) => name !== 'BOOL' && data instanceof kind)?.[0] ?? 'FP64';
}

export function bytesOf(data: NumberArray | readonly string[]): Uint8Array<ArrayBuffer> {
  if (!isNumberArray(data)) return bytesOfStrings(data);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isLittleEndian ? bytes : swapped(bytes, data.BYTES_PER_ELEMENT);
}

/** @throws Error when the bytes are not of that datatype. */
export function readBytes(bytes: Uint8Array<ArrayBuffer>, datatype: string): NumberArray | string[] {
  if (datatype === 'BYTES') return readStrings(bytes);
  const kind = kinds[datatype];
  if (kind === undefined) throw new Error(`expected a datatype of the protocol, found ${datatype}`);
  if (bytes.length % kind.BYTES_PER_ELEMENT !== 0)
    throw new Error(`expected whole elements of ${datatype}, found ${bytes.length} bytes`);
  // A copy begins where an element may begin, and does not keep the whole answer in memory.
  const copy = isLittleEndian ? bytes.slice() : swapped(bytes, kind.BYTES_PER_ELEMENT);
  return new kind(copy.buffer);
}

export function isNumberArray(data: unknown): data is NumberArray {
  return ArrayBuffer.isView(data) && !(data instanceof DataView);
}

/** Each is its length in four bytes, then itself in UTF-8. */
function bytesOfStrings(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = strings.map((text) => new TextEncoder().encode(text));
  const bytes = new Uint8Array(encoded.reduce((sum, one) => sum + 4 + one.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const one of encoded) {
    view.setUint32(at, one.length, true);
    bytes.set(one, at + 4);
    at += 4 + one.length;
  }
  return bytes;
}

function readStrings(bytes: Uint8Array<ArrayBuffer>): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + 4;
    const to = from <= bytes.length ? from + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (to > bytes.length) throw new Error('expected strings that end with the tensor, found one that is longer');
    strings.push(decoder.decode(bytes.subarray(from, to)));
    at = to;
  }
  return strings;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) copy.set(bytes.slice(at, at + size).reverse(), at);
  return copy;
}
