// Whether a server answers what the model answers: looked at once for each request that is measured, on both sides.
import { isDeepStrictEqual } from 'node:util';

/** A whole answer with status 200. */
export interface Answer {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** What the golden answer to the record says, and how often the request asks for it. */
export interface Expected {
  readonly label: unknown;
  /** In the order of the model's probabilities. */
  readonly classes: readonly unknown[];
  readonly rows: number;
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly data?: readonly number[];
}
interface Said {
  readonly label?: unknown;
  readonly predictions?: readonly { readonly label: unknown }[];
  readonly outputs?: readonly Tensor[];
}

/** @throws Error unless every row has the golden label. */
export function expectGolden(answer: Answer, { label, classes, rows }: Expected): void {
  const found = labelsIn(answer, classes);
  if (found.length === rows && found.every((one) => one === label)) return;
  const seen = JSON.stringify([...new Set(found)].slice(0, 5));
  throw new Error(
    `expected the golden label ${JSON.stringify(label)} of ${rows} rows; found ${seen} of ${found.length}`,
  );
}

/** @throws Error unless it says what it was sent. */
export function expectEcho({ body }: Answer, sent: Buffer): void {
  if (isDeepStrictEqual(JSON.parse(body.toString()), JSON.parse(sent.toString()))) return;
  throw new Error(`expected the request back; found ${body.toString().slice(0, 200)}`);
}

/** One a row: of `/predict`, of FastAPI's one record, of Open Inference as JSON and with binary probabilities. */
function labelsIn({ headers, body }: Answer, classes: readonly unknown[]): readonly unknown[] {
  const headLength = Number(headers.get('inference-header-content-length') ?? body.length);
  const said = JSON.parse(body.toString('utf8', 0, headLength)) as Said;
  if (said.predictions !== undefined) return said.predictions.map(({ label }) => label);
  if (said.outputs === undefined) return [said.label];
  const probabilities = said.outputs.find(({ name }) => name === 'probabilities' || name === 'predict_proba');
  if (probabilities === undefined) throw new Error(`expected probabilities; found ${body.toString('utf8', 0, 200)}`);
  return likeliest(probabilities.data ?? floatsIn(probabilities, body.subarray(headLength)), classes);
}

function floatsIn({ datatype }: Tensor, bytes: Buffer): readonly number[] {
  if (datatype !== 'FP32') throw new Error(`expected FP32 in binary; found ${datatype}`);
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}

function likeliest(probabilities: readonly number[], classes: readonly unknown[]): readonly unknown[] {
  return Array.from({ length: probabilities.length / classes.length }, (_, row) => {
    const own = probabilities.slice(row * classes.length, (row + 1) * classes.length);
    return classes[own.indexOf(Math.max(...own))];
  });
}
