// Tensors to bytes and back, byte for byte as the protocol's extension says.
import { describe, expect, it } from 'vitest';
import { bytesOf, datatypeOf, readBytes } from '../../src/tensors/datatypes.ts';
import { decodeInfer, encodeInfer } from '../../src/tensors/infer.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('datatypes', () => {
  it.each([
    ['UINT8', Uint8Array.of(1, 255), [1, 255]],
    ['UINT16', Uint16Array.of(1, 65_535), [1, 0, 255, 255]],
    ['INT32', Int32Array.of(-2), [254, 255, 255, 255]],
    ['INT64', BigInt64Array.of(-2n), [254, 255, 255, 255, 255, 255, 255, 255]],
    ['FP32', Float32Array.of(1), [0, 0, 128, 63]],
    ['FP64', Float64Array.of(-2), [0, 0, 0, 0, 0, 0, 0, 192]],
  ])('%s', (datatype, data, bytes) => {
    expect(datatypeOf(data)).toBe(datatype);
    expect([...bytesOf(data)]).toEqual(bytes);
    expect(readBytes(bytesOf(data), datatype)).toEqual(data);
  });

  it('strings carry their lengths in bytes', () => {
    const bytes = bytesOf(['ä', '']);
    expect([...bytes]).toEqual([2, 0, 0, 0, 195, 164, 0, 0, 0, 0]);
    expect(readBytes(bytes, 'BYTES')).toEqual(['ä', '']);
  });

  it('a part of an array is only that part', () => {
    expect([...bytesOf(Float32Array.of(9, 1, 9).subarray(1, 2))]).toEqual([0, 0, 128, 63]);
  });

  it.each([
    ['half an element', [0, 0, 0], 'FP32', /whole elements of FP32, found 3 bytes/],
    ['a string that is longer than the tensor', [9, 0, 0, 0, 65], 'BYTES', /one that is longer/],
    ['half a length', [9, 0], 'BYTES', /one that is longer/],
    ['what is no datatype', [0], 'FP8', /found FP8/],
  ])('refuse %s', (_what, bytes, datatype, message) => {
    expect(() => readBytes(Uint8Array.from(bytes), datatype)).toThrow(message);
  });
});

describe('a request', () => {
  it('of lists is JSON', () => {
    const { headers, body } = encodeInfer({
      inputs: [
        { name: 'a', data: [1, 2] },
        { name: 'b', data: ['x', 'y'], shape: [2] },
      ],
      outputs: ['label'],
      parameters: { timeout: 5 },
    });
    expect(headers).toEqual({ 'content-type': 'application/json' });
    expect(JSON.parse(String(body))).toEqual({
      inputs: [
        { name: 'a', shape: [2, 1], datatype: 'FP64', data: [1, 2] },
        { name: 'b', shape: [2], datatype: 'BYTES', data: ['x', 'y'] },
      ],
      outputs: [{ name: 'label' }],
      parameters: { timeout: 5 },
    });
  });

  it('of typed arrays has them behind the JSON, and asks for the same', () => {
    const { headers, body } = encodeInfer({
      inputs: [
        { name: 'a', data: Float32Array.of(1) },
        { name: 'b', data: [2] },
      ],
    });
    const length = Number(headers['inference-header-content-length']);
    const bytes = body as Uint8Array;
    expect(headers['content-type']).toBe('application/octet-stream');
    expect([...bytes.subarray(length)]).toEqual([0, 0, 128, 63]);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)))).toEqual({
      parameters: { binary_data_output: true },
      inputs: [
        { name: 'a', shape: [1, 1], datatype: 'FP32', parameters: { binary_data_size: 4 } },
        { name: 'b', shape: [1, 1], datatype: 'FP64', data: [2] },
      ],
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('has no %d, of which JSON would make null', (value) => {
    expect(() => encodeInfer({ inputs: [{ name: 'a', data: [value] }] })).toThrow(/a: expected finite numbers/);
  });
});

describe('an answer', () => {
  const headers = (length?: number) =>
    new Headers(length === undefined ? {} : { 'inference-header-content-length': String(length) });
  const binary = (name: string, size: number) => ({
    name,
    datatype: 'FP32',
    shape: [1, 1],
    parameters: { binary_data_size: size },
  });
  const answer = (outputs: unknown, tail: readonly number[], length?: number) => {
    const json = utf8(JSON.stringify({ model_name: 'm', model_version: '1', outputs }));
    return { headers: headers(length ?? json.length), body: Uint8Array.from([...json, ...tail]) };
  };

  it('has its tensors in order, of bytes and of lists', () => {
    const listed = { name: 'b', datatype: 'BYTES', shape: [1, 1], data: ['x'] };
    const outputs = [binary('a', 4), listed, binary('c', 4)];
    expect(decodeInfer(answer(outputs, [0, 0, 128, 63, 0, 0, 0, 64]))).toEqual({
      model_name: 'm',
      model_version: '1',
      outputs: [
        { name: 'a', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(1) },
        listed,
        { name: 'c', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(2) },
      ],
    });
  });

  it('has at least the outputs that were asked for', () => {
    const found = answer([binary('a', 4), binary('b', 4)], [0, 0, 0, 0, 0, 0, 0, 0]);
    expect(decodeInfer(found, ['b']).outputs).toHaveLength(2);
    expect(() => decodeInfer(found, ['b', 'c'])).toThrow('expected the outputs b, c, found a, b');
  });

  it.each([
    ['no shape', undefined, /a shape of the output a, found undefined/],
    ['half a row', [0.5, 2], /a shape of the output a, found \[0.5,2\]/],
    ['less than a row', [-1, -1], /a shape of the output a/],
    ['more rows than it has', [5, 1], /5 elements of the output a, found 1/],
    ['fewer', [0, 3], /0 elements of the output a, found 1/],
  ])('is refused with a shape of %s', (_what, shape, message) => {
    expect(() => decodeInfer(answer([{ ...binary('a', 4), shape }], [0, 0, 128, 63]))).toThrow(message);
    const listed = { name: 'a', datatype: 'FP64', shape, data: [1] };
    expect(() => decodeInfer(answer([listed], []))).toThrow(message);
  });

  it.each([
    ['fewer bytes than it says', answer([binary('a', 4)], [0, 0]), /4 bytes of the output a, found 2/],
    ['a header longer than it is', answer([], [], 9999), /at most \d+, found 9999/],
    ['no outputs', { headers: headers(), body: utf8('{}') }, /`outputs`/],
    ['an output without data', answer([{ name: 'a' }], []), /data of the output a/],
  ])('is refused with %s', (_what, found, message) => {
    expect(() => decodeInfer(found)).toThrow(message);
  });
});
