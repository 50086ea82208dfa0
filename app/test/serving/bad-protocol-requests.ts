// The same for the inference protocols: rows, columns and examples of TensorFlow Serving, tensors as JSON and as bytes, compressed bodies.
import { deflateSync, gzipSync } from 'node:zlib';
import { type BadRequest, posted } from './bad-requests.ts';

type Row = readonly [name: string, body: string | Buffer, status: number, code?: string];
const malformed = 'body-malformed';
const invalid = 'input-invalid';
type Fields = Readonly<Record<string, unknown>>;

/** @param record a good record, as text. */
export function badProtocolRequests(
  record: string,
  limits: { readonly bodyLimitBytes: number; readonly maxRows: number },
): BadRequest[] {
  const good = JSON.parse(record) as Record<string, number>;
  const [first = '', second = ''] = Object.keys(good);
  const values = Object.values(good);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const text = (value: unknown) => JSON.stringify(value);
  const tooMany = limits.maxRows + 1;

  const rows: Row[] = [
    ['nothing', '', 400, malformed],
    ['an array', '[]', 400, malformed],
    ['null', 'null', 400, malformed],
    ['a number', '1', 400, malformed],
    ['UTF-16', Buffer.from(text({ instances: [good] }), 'utf16le'), 400, malformed],
    ['broken UTF-8', Buffer.from('7b22ff223a317d', 'hex'), 400, malformed],
    ['an empty object', '{}', 400, invalid],
    ['both forms', text({ instances: [good], inputs: good }), 400, invalid],
    ['instances of null', text({ instances: null }), 400, invalid],
    ['instances as an object', text({ instances: good }), 400, invalid],
    ['no instances', text({ instances: [] }), 400, invalid],
    ['a row of null', text({ instances: [null] }), 400, invalid],
    ['a row of text', text({ instances: ['x'] }), 400, invalid],
    ['a row of a number', text({ instances: [1] }), 400, invalid],
    ['an empty row', text({ instances: [[]] }), 400, invalid],
    ['a row too short', text({ instances: [values.slice(1)] }), 400, invalid],
    ['a row too long', text({ instances: [[...values, 1]] }), 400, invalid],
    ['ragged rows', text({ instances: [values, values.slice(1)] }), 400, invalid],
    ['a row with null', text({ instances: [[null, ...values.slice(1)]] }), 400, invalid],
    ['a row with text', text({ instances: [['13', ...values.slice(1)]] }), 400, invalid],
    ['a row with true', text({ instances: [[true, ...values.slice(1)]] }), 400, invalid],
    ['a row nested twice', text({ instances: [[values]] }), 400, invalid],
    ['a value that is a list', text({ instances: [{ ...good, [first]: [1, 2] }] }), 400, invalid],
    ['a value nested twice', text({ instances: [{ ...good, [first]: [[1]] }] }), 400, invalid],
    ['a missing field', text({ instances: [without(first)] }), 400, invalid],
    ['an unknown field', text({ instances: [{ ...good, x: 1 }] }), 400, invalid],
    ['a good row and a bad one', text({ instances: [good, {}] }), 400, invalid],
    ['a prototype', `{"instances":[${record.slice(0, -1)},"__proto__":{"x":1}}]}`, 400, invalid],
    ['a prototype for the form', '{"__proto__":{"instances":[]}}', 400, invalid],
    ['a number beyond 32 bits', text({ instances: [{ ...good, [first]: 1e39 }] }), 400, invalid],
    ['an infinite number', `{"instances":[{"${first}":1e999}]}`, 400, invalid],
    ['too many rows', text({ instances: Array(tooMany).fill(values) }), 413, 'rows-too-many'],
    ['another signature', text({ signature_name: 'x', instances: [good] }), 400, invalid],
    ['a signature that is a number', text({ signature_name: 1, instances: [good] }), 400, invalid],
    ['a signature that is a list', text({ signature_name: ['x'], instances: [good] }), 400, invalid],
  ];
  const column = (value: unknown) => text({ inputs: { ...good, [first]: value } });
  const columnsOf = (length: number) =>
    Object.fromEntries(Object.keys(good).map((name) => [name, Array(length).fill(1)]));
  const columns: Row[] = [
    ['columns of null', text({ inputs: null }), 400, invalid],
    ['columns as a list', text({ inputs: [values] }), 400, invalid],
    ['columns as text', text({ inputs: 'x' }), 400, invalid],
    ['no columns', text({ inputs: {} }), 400, invalid],
    ['a column that is null', column(null), 400, invalid],
    ['a column that is text', column('x'), 400, invalid],
    ['a column that is an object', column({}), 400, invalid],
    ['empty columns', text({ inputs: columnsOf(0) }), 400, invalid],
    ['columns of different length', text({ inputs: { ...columnsOf(2), [second]: [1] } }), 400, invalid],
    ['a missing column', text({ inputs: Object.fromEntries(Object.entries(columnsOf(1)).slice(1)) }), 400, invalid],
    ['an unknown column', text({ inputs: { ...columnsOf(1), x: [1] } }), 400, invalid],
    ['a column with null', text({ inputs: { ...columnsOf(1), [first]: [null] } }), 400, invalid],
    ['a column called __proto__', '{"inputs":{"__proto__":[1]}}', 400, invalid],
    ['too long columns', text({ inputs: columnsOf(tooMany) }), 413, 'rows-too-many'],
  ];
  const examples: Row[] = [
    ['no examples', '{}', 400, invalid],
    ['examples of null', text({ examples: null }), 400, invalid],
    ['an empty list of examples', text({ examples: [] }), 400, invalid],
    ['an example that is a list', text({ examples: [values] }), 400, invalid],
    ['an example that is null', text({ examples: [null] }), 400, invalid],
    ['a context that is a list', text({ context: [], examples: [good] }), 400, invalid],
    ['a context that is text', text({ context: 'x', examples: [good] }), 400, invalid],
    ['a field in both', text({ context: { [first]: 1 }, examples: [good] }), 400, invalid],
    ['an unknown field in the context', text({ context: { x: 1 }, examples: [good] }), 400, invalid],
    ['too many examples', text({ examples: Array(tooMany).fill(good) }), 413, 'rows-too-many'],
    ['a prototype for a context', '{"__proto__":{"context":{}},"examples":[]}', 400, invalid],
  ];

  const tensor = (name: string, value: unknown, more: Fields = {}): Fields => ({
    name,
    datatype: 'FP64',
    shape: [1, 1],
    data: [value],
    ...more,
  });
  const tensors = Object.entries(good).map(([name, value]) => tensor(name, value));
  const [, ...others] = tensors;
  const infer = (more: Fields, inputs: readonly unknown[] = tensors) => text({ inputs, ...more });
  const bent = (more: Fields) => infer({}, [tensor(first, 1, more), ...others]);
  const output = (one: unknown) => infer({ outputs: [one] });
  const inferences: Row[] = [
    ['an id that is a number', infer({ id: 1 }), 400, invalid],
    ['an id that is an object', infer({ id: {} }), 400, invalid],
    ['parameters that are a list', infer({ parameters: [] }), 400, invalid],
    ['parameters that are text', infer({ parameters: 'x' }), 400, invalid],
    ['a time-out below 0', infer({ parameters: { timeout: -1 } }), 400, invalid],
    ['a time-out that is text', infer({ parameters: { timeout: '5' } }), 400, invalid],
    ['a time-out that is no whole number', infer({ parameters: { timeout: 1.5 } }), 400, invalid],
    ['a priority that is null', infer({ parameters: { priority: null } }), 400, invalid],
    ['a switch that is text', infer({ parameters: { binary_data_output: 'yes' } }), 400, invalid],
    ['inputs as an object', text({ inputs: {} }), 400, invalid],
    ['an empty list of inputs', infer({}, []), 400, invalid],
    ['a missing input', infer({}, others), 400, invalid],
    ['an input twice', infer({}, [...tensors, tensors[0]]), 400, invalid],
    ['an unknown input', infer({}, [...tensors, tensor('x', 1)]), 400, invalid],
    ['an input without a name', infer({}, [...others, { datatype: 'FP64', shape: [1], data: [1] }]), 400, invalid],
    ['an input called by a number', bent({ name: 1 }), 400, invalid],
    ['an input that is text', infer({}, [...others, 'x']), 400, invalid],
    ['no datatype', bent({ datatype: undefined }), 400, invalid],
    ['a datatype in small letters', bent({ datatype: 'fp64' }), 400, invalid],
    ['BYTES for a number', bent({ datatype: 'BYTES', data: ['1'] }), 400, invalid],
    ['a fraction as INT32', bent({ datatype: 'INT32', data: [1.5] }), 400, invalid],
    ['a number beyond INT8', bent({ datatype: 'INT8', data: [128] }), 400, invalid],
    ['a number below UINT8', bent({ datatype: 'UINT8', data: [-1] }), 400, invalid],
    ['a number beyond 2^53', bent({ datatype: 'INT64', data: [2 ** 60] }), 400, invalid],
    ['no shape', bent({ shape: undefined }), 400, invalid],
    ['an empty shape', bent({ shape: [] }), 400, invalid],
    ['a shape of fractions', bent({ shape: [1.5] }), 400, invalid],
    ['a shape of 0', bent({ shape: [0], data: [] }), 400, invalid],
    ['a shape of two columns', bent({ shape: [1, 2], data: [1, 2] }), 400, invalid],
    ['a shape of three dimensions', bent({ shape: [1, 1, 1] }), 400, invalid],
    ['a shape that its data belies', bent({ shape: [2, 1] }), 400, invalid],
    ['a shape beyond every number', bent({ shape: [2 ** 53] }), 400, invalid],
    ['a shape of 5,000 dimensions', bent({ shape: Array(5000).fill(1) }), 400, invalid],
    ['data that is null', bent({ data: null }), 400, invalid],
    ['data that is an object', bent({ data: { 0: 1 } }), 400, invalid],
    ['data nested twice', bent({ data: [[[1]]] }), 400, invalid],
    ['data with null', bent({ data: [null] }), 400, invalid],
    ['data with true', bent({ data: [true] }), 400, invalid],
    ['data beyond 32 bits', bent({ data: [-1e39] }), 400, invalid],
    ['data and a size of bytes', bent({ parameters: { binary_data_size: 0 } }), 400, invalid],
    ['an input with parameters that are a list', bent({ parameters: [] }), 400, invalid],
    ['outputs as an object', infer({ outputs: {} }), 400, invalid],
    ['an output that is null', output(null), 400, invalid],
    ['an output without a name', output({}), 400, invalid],
    ['an unknown output', output({ name: 'x' }), 400, invalid],
    ['an output called constructor', output({ name: 'constructor' }), 400, invalid],
    ['an output twice', infer({ outputs: [{ name: 'label' }, { name: 'label' }] }), 400, invalid],
    ['an output with parameters that are text', output({ name: 'label', parameters: 'x' }), 400, invalid],
    ['a switch of an output that is a number', output({ name: 'label', parameters: { binary_data: 1 } }), 400, invalid],
    ['classes of the label', output({ name: 'label', parameters: { classification: 1 } }), 400, invalid],
    ['classes below 0', output({ name: 'probabilities', parameters: { classification: -1 } }), 400, invalid],
    [
      'too many rows',
      infer(
        {},
        tensors.map((one) => ({ ...one, shape: [tooMany], data: Array(tooMany).fill(1) })),
      ),
      413,
      'rows-too-many',
    ],
  ];

  const bytes = Buffer.from(new Float32Array([1]).buffer);
  const binaryHeader = (size: unknown, more: Fields = {}) =>
    text({
      inputs: [
        { ...tensor(first, 0, { datatype: 'FP32', data: undefined, parameters: { binary_data_size: size } }), ...more },
        ...others,
      ],
    });
  const binary = (header: string, tail: Buffer, length: string | number = header.length): readonly [Buffer, string] => [
    Buffer.concat([Buffer.from(header), tail]),
    `Content-Type: application/octet-stream\r\nInference-Header-Content-Length: ${length}\r\n`,
  ];
  const nan = Buffer.from(new Float32Array([Number.NaN]).buffer);
  const infinite = Buffer.from(new Float32Array([Number.POSITIVE_INFINITY]).buffer);
  const binaries: readonly (readonly [string, readonly [Buffer, string], number, string])[] = [
    ['fewer bytes than said', binary(binaryHeader(4), bytes.subarray(1)), 400, invalid],
    ['more bytes than said', binary(binaryHeader(4), Buffer.concat([bytes, bytes])), 400, invalid],
    ['half an element', binary(binaryHeader(3), bytes.subarray(1)), 400, invalid],
    ['no bytes at all', binary(binaryHeader(0), Buffer.alloc(0)), 400, invalid],
    ['a size below 0', binary(binaryHeader(-4), bytes), 400, invalid],
    ['a size that is text', binary(binaryHeader('4'), bytes), 400, invalid],
    ['a size beyond every number', binary(binaryHeader(1e300), bytes), 400, invalid],
    ['bytes of an unknown datatype', binary(binaryHeader(4, { datatype: 'FP8' }), bytes), 400, invalid],
    ['bytes called BYTES', binary(binaryHeader(4, { datatype: 'BYTES' }), bytes), 400, invalid],
    ['NaN', binary(binaryHeader(4), nan), 400, invalid],
    ['an infinite number', binary(binaryHeader(4), infinite), 400, invalid],
    [
      'a number beyond 32 bits as FP64',
      binary(binaryHeader(8, { datatype: 'FP64' }), Buffer.from(new Float64Array([1e39]).buffer)),
      400,
      invalid,
    ],
    ['a head longer than the body', binary(binaryHeader(4), bytes, 1_000_000), 400, malformed],
    ['a head of a negative length', binary(binaryHeader(4), bytes, -1), 400, malformed],
    ['a head of a length that is text', binary(binaryHeader(4), bytes, 'x'), 400, malformed],
    ['a head cut in two', binary(binaryHeader(4), bytes, 10), 400, malformed],
    ['a body without a head', binary(binaryHeader(4), bytes, 0), 400, invalid],
    ['bytes that nobody announced', binary(infer({}), bytes), 400, invalid],
  ];
  const zeros = Buffer.alloc(limits.bodyLimitBytes * 2, 0x20);
  const compressed: readonly (readonly [string, Buffer, string, number, string])[] = [
    ['gzip that is none', Buffer.from(infer({})), 'gzip', 400, malformed],
    ['deflate that is none', Buffer.from(infer({})), 'deflate', 400, malformed],
    ['gzip cut short', gzipSync(infer({})).subarray(0, 30), 'gzip', 400, malformed],
    ['gzip of what is no JSON', gzipSync('x'), 'gzip', 400, malformed],
    ['gzip twice', gzipSync(gzipSync(infer({}))), 'gzip', 400, malformed],
    ['gzip called deflate', gzipSync(infer({})), 'deflate', 400, malformed],
    ['a small body that becomes large', gzipSync(zeros), 'gzip', 413, 'body-too-large'],
    ['the same with deflate', deflateSync(zeros), 'deflate', 413, 'body-too-large'],
    ['brotli', Buffer.from('x'), 'br', 415, 'media-type-unsupported'],
    ['two codings', gzipSync(infer({})), 'gzip, gzip', 415, 'media-type-unsupported'],
  ];
  const made = (group: string, path: string, cases: readonly Row[]) =>
    cases.map(([name, body, status, code = '']) => ({
      name: `${group}: ${name}`,
      bytes: posted(path, body),
      status,
      code,
    }));
  const inferAt = '/v2/models/wine/infer';
  return [
    ...made('rows', '/v1/models/wine:predict', rows),
    ...made('columns', '/v1/models/wine:predict', columns),
    ...made('examples', '/v1/models/wine:classify', examples),
    ...made('tensor', inferAt, inferences),
    ...binaries.map(([name, [body, headers], status, code]) => ({
      name: `bytes: ${name}`,
      bytes: posted(inferAt, body, headers),
      status,
      code,
    })),
    ...compressed.map(([name, body, coding, status, code]) => ({
      name: `compressed: ${name}`,
      bytes: posted(inferAt, body, `Content-Type: application/json\r\nContent-Encoding: ${coding}\r\n`),
      status,
      code,
    })),
  ];
}
