// Requests that nobody should send, as bytes, each with the answer it must get.

export interface BadRequest {
  readonly name: string;
  readonly bytes: Buffer;
  /** 0: the connection is closed without a word. */
  readonly status: number;
  readonly code?: string;
}

const host = 'Host: x\r\nConnection: close\r\n';
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

export function posted(path: string, body: string | Buffer, headers = 'Content-Type: application/json\r\n'): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  return Buffer.concat([
    bytesOf(`POST ${path} HTTP/1.1\r\n${host}${headers}Content-Length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}

type Row = readonly [name: string, what: string | Buffer, status: number, code?: string];
const named = (group: string, rows: readonly Row[], bytes: (what: string | Buffer) => Buffer): BadRequest[] =>
  rows.map(([name, what, status, code]) => ({
    name: `${group}: ${name}`,
    bytes: bytes(what),
    status,
    ...(code === undefined ? {} : { code }),
  }));

const malformed = 'body-malformed';
const invalid = 'input-invalid';
const unsupported = 'media-type-unsupported';

/** @param record a good record, and the limits of the service that is asked. */
export function badRequests(record: string, limits: { bodyLimitBytes: number; maxRows: number }): BadRequest[] {
  const withAlcohol = (value: string) => record.replace(/"alcohol":[^,}]+/, `"alcohol":${value}`);
  const inside = (more: string) => `${record.slice(0, -1)},${more}}`;

  const documents: Row[] = [
    ['empty', '', 400, malformed],
    ['a space', ' ', 400, malformed],
    ['an open brace', '{', 400, malformed],
    ['a closing brace', '}', 400, malformed],
    ['an open bracket', '[', 400, malformed],
    ['mixed brackets', '{]', 400, malformed],
    ['a comma at the end of an array', '[1,]', 400, malformed],
    ['a comma at the end of an object', '{"a":1,}', 400, malformed],
    ['single quotes', "{'a':1}", 400, malformed],
    ['no quotes', '{a:1}', 400, malformed],
    ['a comment', '// x\n{}', 400, malformed],
    ['two documents', '{}{}', 400, malformed],
    ['words behind', `${record} x`, 400, malformed],
    ['null', 'null', 400, malformed],
    ['true', 'true', 400, malformed],
    ['a number', '1', 400, malformed],
    ['a string', '"x"', 400, malformed],
    ['half a record', record.slice(0, 20), 400, malformed],
    ['a NUL', '{"alcohol":\u0000}', 400, malformed],
    ['UTF-16', Buffer.from(record, 'utf16le'), 400, malformed],
    ['a key of broken UTF-8', Buffer.from('7b22ff223a317d', 'hex'), 400, invalid],
    ['10,000 open brackets', '['.repeat(10_000), 400, malformed],
    ['nested arrays', `${'['.repeat(5000)}${']'.repeat(5000)}`, 400, invalid],
    ['nested objects', `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`, 400, invalid],
    ['an empty object', '{}', 400, invalid],
    ['an empty array', '[]', 400, invalid],
    ['an array of null', '[null]', 400, invalid],
    ['an array of arrays', '[[]]', 400, invalid],
    ['instances of null', '{"instances":null}', 400, invalid],
    ['no instances', '{"instances":[]}', 400, invalid],
    ['instances of text', '{"instances":"x"}', 400, invalid],
    ['instances and more', `{"instances":[${record}],"x":1}`, 400, invalid],
    ['an unknown field', inside('"x":1'), 400, invalid],
    ['a field in other letters', record.replace('"alcohol"', '"Alcohol"'), 400, invalid],
    ['a field with a NUL', inside('"a\\u0000":1'), 400, invalid],
    ['a lone surrogate', inside('"\\ud800":1'), 400, invalid],
    ['right-to-left marks', inside('"\\u202e":1'), 400, invalid],
    ['a very long field', inside(`"${'k'.repeat(10_000)}":1`), 400, invalid],
    ['1000 fields', `{${Array.from({ length: 1000 }, (_, index) => `"f${index}":1`).join()}}`, 400, invalid],
    [
      'too many records',
      `[${Array(limits.maxRows + 1)
        .fill('{}')
        .join()}]`,
      413,
      'rows-too-many',
    ],
    ['too large a body', `[${' '.repeat(limits.bodyLimitBytes)}]`, 413, 'body-too-large'],
    ['a prototype', '{"__proto__":{"polluted":1}}', 400, invalid],
    ['a prototype in a good record', inside('"__proto__":{"polluted":1}'), 400, invalid],
    ['a constructor', inside('"constructor":{"prototype":{"polluted":1}}'), 400, invalid],
    ['toString', inside('"toString":1'), 400, invalid],
    ['hasOwnProperty', inside('"hasOwnProperty":1'), 400, invalid],
    ['a prototype beside instances', `{"instances":[${record}],"__proto__":[]}`, 400, invalid],
    ['a prototype of instances', '{"__proto__":{"instances":[]}}', 400, invalid],
    ['toJSON', inside('"toJSON":1'), 400, invalid],
  ];
  const values: Row[] = [
    ...[
      'NaN',
      'Infinity',
      '-Infinity',
      '0x10',
      '01',
      '+1',
      '.5',
      '1.',
      '1e',
      '1_000',
      '1n',
      '',
      'undefined',
      '--1',
    ].map((value): Row => [value, value, 400, malformed]),
    ...['1e400', '-1e400', '1e39', '-1e39', '3.5e38', `1${'0'.repeat(5000)}`].map(
      (value): Row => [value.slice(0, 20), value, 400, invalid],
    ),
    ...['"13"', '"NaN"', '""', 'null', 'true', '[]', '[13]', '{}', '{"valueOf":1}', '"\\u0000"'].map(
      (value): Row => [value, value, 400, invalid],
    ),
  ];
  const types: Row[] = [
    ['none', '', 415, unsupported],
    ['text', 'Content-Type: text/plain\r\n', 415, unsupported],
    ['a form', 'Content-Type: application/x-www-form-urlencoded\r\n', 415, unsupported],
    ['multipart', 'Content-Type: multipart/form-data; boundary=x\r\n', 415, unsupported],
    ['a list', 'Content-Type: application/json, text/plain\r\n', 415, unsupported],
    ['rubbish', 'Content-Type: ;;;\r\n', 415, unsupported],
    ['latin1', 'Content-Type: application/json; charset=latin1\r\n', 415, unsupported],
    ['a made-up charset', 'Content-Type: application/json; charset=x\r\n', 415, unsupported],
    ['gzip that is none', 'Content-Type: application/json\r\nContent-Encoding: gzip\r\n', 415, unsupported],
    ['brotli', 'Content-Type: application/json\r\nContent-Encoding: br\r\n', 415, unsupported],
    ['a made-up coding', 'Content-Type: application/json\r\nContent-Encoding: x\r\n', 415, unsupported],
    ['an expectation', 'Content-Type: application/json\r\nExpect: 200-ok\r\n', 417, 'expectation-failed'],
  ];
  const tensor = (fields: string) => `{"inputs":[{${fields}}]}`;
  const inferences: Row[] = [
    ['an array', '[]', 400, malformed],
    ['no inputs', '{}', 400, invalid],
    ['inputs of null', '{"inputs":null}', 400, invalid],
    ['an input of null', '{"inputs":[null]}', 400, invalid],
    ['a prototype for a name', tensor('"name":"__proto__","datatype":"FP32","shape":[1],"data":[1]'), 400, invalid],
    ['another datatype', tensor('"name":"alcohol","datatype":"X","shape":[1],"data":[1]'), 400, invalid],
    ['a negative shape', tensor('"name":"alcohol","datatype":"FP32","shape":[-1],"data":[1]'), 400, invalid],
    ['a shape of 1e15', tensor('"name":"alcohol","datatype":"FP32","shape":[1e15],"data":[1]'), 400, invalid],
    ['a shape of text', tensor('"name":"alcohol","datatype":"FP32","shape":"x","data":[1]'), 400, invalid],
    ['no data', tensor('"name":"alcohol","datatype":"FP32","shape":[1]'), 400, invalid],
    ['data of text', tensor('"name":"alcohol","datatype":"FP32","shape":[1],"data":["x"]'), 400, invalid],
    [
      'a size of binary data that is not there',
      tensor('"name":"alcohol","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}'),
      400,
      invalid,
    ],
    ['an unknown output', '{"inputs":[],"outputs":[{"name":"__proto__"}]}', 400, invalid],
    ['half a document', '{"inputs":[', 400, malformed],
  ];
  const lines: Row[] = [
    ['GET /predict', 'GET /predict', 405, 'method-not-allowed'],
    ['PUT /predict', 'PUT /predict', 405, 'method-not-allowed'],
    ['TRACE /predict', 'TRACE /predict', 405, 'method-not-allowed'],
    ['PROPFIND /version', 'PROPFIND /version', 405, 'method-not-allowed'],
    ['DELETE /v2/models/wine', 'DELETE /v2/models/wine', 405, 'method-not-allowed'],
    ['a made-up method', 'FOO /predict', 400, malformed],
    ['a method in small letters', 'get /version', 400, malformed],
    ['no path', 'GET', 400, malformed],
    ['CONNECT', 'CONNECT x:80', 0],
    ['a path upwards', 'GET /../../etc/passwd', 404, 'not-found'],
    ['an escaped path upwards', 'GET /%2e%2e/%2e%2e/etc/passwd', 404, 'not-found'],
    ['a NUL, escaped', 'GET /version%00', 404, 'not-found'],
    ['a broken escape', 'GET /%zz', 404, 'not-found'],
    ['broken UTF-8, escaped', 'GET /v2/models/%ff', 404, 'not-found'],
    ['two slashes', 'GET //version', 404, 'not-found'],
    ['a backslash', 'GET /\\version', 404, 'not-found'],
    ['another case', 'GET /Version', 404, 'not-found'],
    ['a model called __proto__', 'GET /v2/models/__proto__', 404, 'model-unknown'],
    ['a model called constructor', 'GET /v2/models/constructor/ready', 404, 'model-unknown'],
    ['a long path', `GET /${'a'.repeat(20_000)}`, 431, 'headers-too-large'],
    ['a file of the service', 'GET /app/serving/main.ts', 404, 'not-found'],
  ];
  const chunked = (framing: string, body: string) =>
    `POST /predict HTTP/1.1\r\n${host}Content-Type: application/json\r\n${framing}\r\n${body}`;
  const smuggled = 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n';
  const end = `0\r\n\r\n${smuggled}`;
  const get = (headers: string) => `GET /version HTTP/1.1\r\n${headers}\r\n${smuggled}`;
  // https://portswigger.net/web-security/request-smuggling and RFC 9112, sections 3.2, 5.1, 5.2, 6.1, 6.3, 7.1.
  const shapes: Row[] = [
    ['both lengths', chunked('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', end), 400, malformed],
    [
      'both lengths, the other way round',
      chunked('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', end),
      400,
      malformed,
    ],
    ['two lengths', chunked('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${smuggled}`), 400, malformed],
    ['a length twice', chunked('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${smuggled}`), 400, malformed],
    ['a list of lengths', chunked('Content-Length: 2, 2\r\n', `{}${smuggled}`), 400, malformed],
    ['a negative length', chunked('Content-Length: -1\r\n', `{}${smuggled}`), 400, malformed],
    ['a length with a sign', chunked('Content-Length: +2\r\n', `{}${smuggled}`), 400, malformed],
    ['a length in hex', chunked('Content-Length: 0x2\r\n', `{}${smuggled}`), 400, malformed],
    ['a length with a space inside', chunked('Content-Length: 2 2\r\n', `{}${smuggled}`), 400, malformed],
    ['a length beyond 64 bits', chunked('Content-Length: 99999999999999999999999\r\n', '{}'), 400, malformed],
    ['identity', chunked('Transfer-Encoding: identity\r\n', end), 400, malformed],
    ['chunked, then identity', chunked('Transfer-Encoding: chunked, identity\r\n', end), 400, malformed],
    ['identity, then chunked', chunked('Transfer-Encoding: identity, chunked\r\n', end), 400, malformed],
    ['gzip, then chunked', chunked('Transfer-Encoding: gzip, chunked\r\n', end), 400, malformed],
    ['a coding that looks like chunked', chunked('Transfer-Encoding: xchunked\r\n', end), 400, malformed],
    ['chunked in quotes', chunked('Transfer-Encoding: "chunked"\r\n', end), 400, malformed],
    ['chunked twice', chunked('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', end), 400, malformed],
    [
      'chunked and a list',
      chunked('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', end),
      400,
      malformed,
    ],
    ['a space before the colon', chunked('Transfer-Encoding : chunked\r\n', end), 400, malformed],
    ['a folded line', chunked('Transfer-Encoding:\r\n chunked\r\n', end), 400, malformed],
    ['a vertical tab', chunked('Transfer-Encoding: \u000bchunked\r\n', end), 400, malformed],
    [
      'chunked in HTTP/1.0',
      `POST /predict HTTP/1.0\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${end}`,
      400,
      malformed,
    ],
    ['a chunk size that is none', chunked('Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n${end}`), 400, malformed],
    ['a chunk size with a sign', chunked('Transfer-Encoding: chunked\r\n', `+2\r\n{}\r\n${end}`), 400, malformed],
    ['a chunk size in 0x', chunked('Transfer-Encoding: chunked\r\n', `0x2\r\n{}\r\n${end}`), 400, malformed],
    [
      'a chunk size beyond 64 bits',
      chunked('Transfer-Encoding: chunked\r\n', `fffffffffffffffff\r\n{}\r\n${end}`),
      400,
      malformed,
    ],
    ['a chunk longer than it says', chunked('Transfer-Encoding: chunked\r\n', `2\r\n{}xx\r\n${end}`), 400, malformed],
    ['a chunk line that ends in LF', chunked('Transfer-Encoding: chunked\r\n', `2\n{}\r\n${end}`), 400, malformed],
    ['a header line that ends in LF', get('Host: x\nX: y\r\n'), 400, malformed],
    ['a header line that ends in CR', get('Host: x\rX: y\r\n'), 400, malformed],
    ['a NUL in a header', get('Host: x\r\nX: a\u0000b\r\n'), 400, malformed],
    ['a header without a name', get('Host: x\r\n: y\r\n'), 400, malformed],
    ['a header without a colon', get('Host: x\r\nnonsense\r\n'), 400, malformed],
    ['a space before a header', get(' X: y\r\nHost: x\r\n'), 400, malformed],
    ['two hosts', get('Host: x\r\nHost: y\r\n'), 400, malformed],
    ['one host twice', get('Host: x\r\nhOST: x\r\n'), 400, malformed],
    ['no host', get('X: y\r\n'), 400, malformed],
    ['two hosts in one', get('Host: x, y\r\n'), 400, malformed],
    ['a host with a user', get('Host: a@b\r\n'), 400, malformed],
    ['a host with a path', get('Host: x/version\r\n'), 400, malformed],
    ['HTTP/2 on a connection that is none', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, malformed],
    ['HTTP/3.1', `GET /version HTTP/3.1\r\n${host}\r\n`, 400, malformed],
    ['HTTP/0.9', 'GET /version\r\n\r\n', 400, malformed],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400, malformed],
    ['rubbish', '\u0000\u0001\u0002\r\n\r\n', 400, malformed],
    ['too many headers', get(`Host: x\r\n${'X: yyyyyyyyyyyyyyyyyyyy\r\n'.repeat(1000)}`), 431, 'headers-too-large'],
    ['a head that never ends', `GET /version HTTP/1.1\r\n${host}`, 408, 'request-timeout'],
    ['a body that never ends', chunked('Content-Length: 9\r\n', '{'), 408, 'request-timeout'],
    ['chunks that never end', chunked('Transfer-Encoding: chunked\r\n', '2\r\n{}\r\n'), 408, 'request-timeout'],
  ];
  return [
    ...named('document', documents, (what) => posted('/predict', what)),
    ...named('a number', values, (what) => posted('/predict', withAlcohol(String(what)))),
    ...named('content type', types, (what) => posted('/predict', record, String(what))),
    ...named('tensors', inferences, (what) => posted('/v2/models/wine/infer', what)),
    ...named('line', lines, (what) => bytesOf(`${what} HTTP/1.1\r\n${host}\r\n`)),
    ...named('framing', shapes, (what) => bytesOf(String(what))),
  ];
}
