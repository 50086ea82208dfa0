// The same for words that every JavaScript object answers to: a client's word is looked for among ours, never in a prototype.
import { type BadRequest, posted } from './bad-requests.ts';

const inherited = Object.getOwnPropertyNames(Object.prototype);

/** @param record a good record, as text. */
export function inheritedWords(record: string): BadRequest[] {
  const fields = Object.entries(JSON.parse(record) as Record<string, number>);
  const infer = (first: object) => {
    const inputs = fields.map(([name, value]) => ({ name, datatype: 'FP64', shape: [1], data: [value] }));
    return JSON.stringify({ inputs: [{ ...inputs[0], ...first }, ...inputs.slice(1)] });
  };
  const inferAt = '/v2/models/wine/infer';
  const binary = (datatype: string) => {
    const header = infer({ datatype, data: undefined, parameters: { binary_data_size: 8 } });
    const length = `Inference-Header-Content-Length: ${header.length}\r\n`;
    return posted(inferAt, Buffer.concat([Buffer.from(header), Buffer.alloc(8)]), length);
  };
  return inherited.flatMap((word) => [
    {
      name: `inherited: the verb ${word}`,
      bytes: posted(`/v1/models/wine:${word}`, `{"instances":[${record}]}`),
      status: 404,
      code: 'not-found',
    },
    {
      name: `inherited: the content-encoding ${word}`,
      bytes: posted(inferAt, infer({}), `Content-Encoding: ${word.toLowerCase()}\r\n`),
      status: 415,
      code: 'media-type-unsupported',
    },
    {
      name: `inherited: the datatype ${word}`,
      bytes: posted(inferAt, infer({ datatype: word })),
      status: 400,
      code: 'input-invalid',
    },
    { name: `inherited: bytes of ${word}`, bytes: binary(word), status: 400, code: 'input-invalid' },
  ]);
}
