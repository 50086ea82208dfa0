// The protocols for what the wine model has not: categories, missing values, one numeric output, one input.
import { describe, expect, it } from 'vitest';
import type { Model, ModelInput } from '../../model/schema.ts';
import { Served } from '../../serving/models/served.ts';
import { openapiDocument } from '../../serving/openapi/document.ts';
import type { Predictor } from '../../serving/predictor.ts';
import { readBinary, writeBinary } from '../../serving/protocols/datatypes.ts';
import { readInferRequest } from '../../serving/protocols/infer-request.ts';
import { inferAnswer } from '../../serving/protocols/infer-response.ts';
import { metadata, outputs, predictions, regressions } from '../../serving/protocols/tensorflow-answers.ts';
import { readPredict } from '../../serving/protocols/tensorflow-requests.ts';
import { recordsOf } from '../../serving/protocols/tensors.ts';

const colour: ModelInput = { kind: 'categorical', name: 'colour', missing: 'refuse', categories: ['red', 'weiß'] };
const age: ModelInput = {
  kind: 'numeric',
  name: 'age',
  unit: 'years',
  missing: 'impute',
  replacement: 30,
  range: [0, 99],
  mean: 30,
  std: 10,
};
const modelOf = (...inputs: ModelInput[]): Model => ({
  schema: 'trireme.model/1',
  name: 'price',
  task: 'regression',
  value: { mean: 0, std: 1 },
  inputs,
  format: 'tfjs-layers',
  metrics: { heldOutRows: 1, estimates: {} },
  data: { digest: '', rows: 1, schema: [] },
  settings: [],
});
const model = modelOf(colour, age);
const json = (value: object) => Buffer.from(JSON.stringify(value));
const rows = [{ value: 1.5 }, { value: -2 }];

describe('a binary tensor', () => {
  it.each([
    ['BOOL', [true, false], 2],
    ['INT8', [-128, 127], 2],
    ['UINT8', [0, 255], 2],
    ['INT16', [-32_768, 32_767], 4],
    ['UINT16', [0, 65_535], 4],
    ['INT32', [-(2 ** 31), 2 ** 31 - 1], 8],
    ['UINT32', [0, 2 ** 32 - 1], 8],
    ['INT64', [Number.MIN_SAFE_INTEGER, 7], 16],
    ['UINT64', [0, Number.MAX_SAFE_INTEGER], 16],
    ['FP32', [0.5, -1], 8],
    ['FP64', [0.1, Number.MAX_VALUE], 16],
    ['BYTES', ['', 'weiß'], 13],
  ])('of %s is read as it was written', (datatype, elements, size) => {
    const bytes = writeBinary(elements, datatype);
    expect(bytes).toHaveLength(size);
    expect([...readBinary(bytes, datatype)]).toEqual(elements);
  });

  it.each([
    ['FP32', [0.5, -1]],
    ['FP64', [0.1, -0]],
  ])('of %s is the same wherever its bytes begin', (datatype, elements) => {
    const bytes = writeBinary(elements, datatype);
    for (let before = 0; before < 9; before++) {
      const moved = Buffer.concat([Buffer.alloc(before), bytes]).subarray(before);
      expect([...readBinary(moved, datatype)]).toEqual(elements);
    }
  });

  it('of numbers of 32 bits is written as one of them each would be', () => {
    const numbers = Float32Array.of(9, 0.1, -0, 3e38);
    expect(writeBinary(numbers.subarray(1), 'FP32')).toEqual(writeBinary([...numbers.subarray(1)], 'FP32'));
  });

  it('of half precision is read, its smallest and its infinite numbers too', () => {
    const bytes = Buffer.from(new Uint16Array([0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0xfc00, 0x7e00]).buffer);
    expect([...readBinary(bytes, 'FP16')]).toEqual([
      1,
      -2,
      0.333251953125,
      2 ** -24,
      65_504,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it.each([
    ['FP64', Buffer.alloc(9), /multiple of 8 bytes.*found 9/],
    ['BYTES', Buffer.from([9, 0, 0, 0, 65]), /found one that is longer/],
    ['BYTES', Buffer.from([1, 0]), /found one that is longer/],
  ])('of %s with other bytes is told', (datatype, bytes, message) => {
    expect(readBinary(bytes, datatype)).toMatch(message);
  });
});

describe('an Open Inference request', () => {
  const header = {
    inputs: [
      { name: 'colour', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 16 } },
      { name: 'age', datatype: 'UINT8', shape: [2, 1], data: [[1], [200]] },
    ],
  };

  it('mixes binary and JSON tensors', () => {
    const start = json(header);
    const body = Buffer.concat([start, writeBinary(['red', 'weiß'], 'BYTES')]);
    expect(recordsOf(readInferRequest(body, String(start.length), model, 10).table)).toEqual([
      { colour: 'red', age: 1 },
      { colour: 'weiß', age: 200 },
    ]);
  });

  it('may leave out what is imputed', () => {
    const inputs = [{ name: 'colour', datatype: 'BYTES', shape: [1], data: ['red'] }];
    expect(recordsOf(readInferRequest(json({ inputs }), undefined, model, 10).table)).toEqual([{ colour: 'red' }]);
  });

  it('is the tensor alone for a model of one number', () => {
    const read = readInferRequest(writeBinary([20, 40], 'FP64'), '0', modelOf(age), 10);
    expect(recordsOf(read.table)).toEqual([{ age: 20 }, { age: 40 }]);
    expect(read.outputs.map(({ binary }) => binary)).toEqual([true]);
  });

  it.each([
    [
      'another datatype',
      { name: 'colour', datatype: 'FP64', shape: [1], data: [1] },
      /`colour`: expected datatype BYTES/,
    ],
    [
      'numbers beyond the datatype',
      { name: 'age', datatype: 'UINT8', shape: [1], data: [256] },
      /UINT8, whole numbers from 0 to 255, found 256/,
    ],
    ['a fraction in a whole number', { name: 'age', datatype: 'INT32', shape: [1], data: [0.5] }, /INT32.*found 0.5/],
    [
      'a datatype there is none of',
      { name: 'age', datatype: 'FP8', shape: [1], data: [1] },
      /numeric datatype.*found "FP8"/,
    ],
    [
      'parameters that are none',
      { name: 'age', datatype: 'FP64', shape: [1], data: [1], parameters: null },
      /`parameters` to be an object, found null/,
    ],
    ['a negative shape', { name: 'age', datatype: 'FP64', shape: [-1], data: [1] }, /found \[-1\]/],
  ])('with %s is refused', (_name, tensor, message) => {
    expect(() => readInferRequest(json({ inputs: [tensor] }), undefined, model, 10)).toThrow(message);
  });

  it('is answered with one value a row', () => {
    const request = readInferRequest(
      json({ inputs: [{ name: 'age', datatype: 'FP64', shape: [2], data: [1, 2] }] }),
      undefined,
      model,
      10,
    );
    const { header: answer, binary } = inferAnswer({ model, version: 'v' }, Float32Array.of(1.5, -2), request);
    expect([JSON.parse(answer), binary]).toEqual([
      {
        model_name: 'price',
        model_version: 'v',
        outputs: [{ name: 'value', datatype: 'FP64', shape: [2, 1], data: [1.5, -2] }],
      },
      [],
    ]);
  });
});

describe("TensorFlow Serving's words for a regression", () => {
  it('are bare values', () => {
    expect(predictions(model, rows)).toEqual({ predictions: [1.5, -2] });
    expect(outputs(model, rows)).toEqual({ outputs: [1.5, -2] });
    expect(regressions(rows)).toEqual({ results: [1.5, -2] });
    expect(JSON.stringify(metadata({ model, version: 'v' } as Predictor))).toContain('"colour":{"dtype":"DT_STRING"');
  });

  it('take bare rows and columns for a model of one input', () => {
    const one = modelOf(age);
    expect(readPredict({ instances: [1, [2]] }, one, 9).records).toEqual([{ age: 1 }, { age: 2 }]);
    expect(readPredict({ inputs: [1, [2]] }, one, 9).records).toEqual([{ age: 1 }, { age: 2 }]);
  });
});

it('The OpenAPI document says what may be missing, and of which categories a field is', () => {
  const predictor = { model, version: 'v', digest: 'd', example: { colour: 'red' } } as Predictor;
  const identity = { buildId: 'b', releaseId: null, imageDigest: null };
  const { components } = openapiDocument(Served.of([{ predictor, label: 'champion' }]), identity, 9) as {
    components: { schemas: Record<string, object> };
  };
  expect(components.schemas['price.Record']).toMatchObject({
    required: ['colour'],
    properties: {
      colour: { enum: ['red', 'weiß'] },
      age: { description: 'in years', anyOf: [{ type: 'number' }, { type: 'null' }] },
    },
  });
});
