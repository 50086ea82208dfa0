// Sends bodies to a service and holds each answer against the oracle's verdict.
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { randomFrom } from '../../../model/random.ts';
import { type Body, bodyFrom, type Protocol } from './bodies.ts';
import type { ExpectedRow, Oracle, Verdict } from './oracle.ts';

/** Of our 32 bits beside the oracle's 64. */
const tolerance = 1e-5;
const atATime = 8;

export interface Answer {
  /** 0 when the connection was cut. */
  readonly status: number;
  readonly body: string;
}

export interface Fuzzed {
  readonly sent: number;
  /** Answered with 200, as they should be. */
  readonly valid: number;
  readonly faults: readonly string[];
}

export interface Fuzzing {
  readonly port: number;
  readonly model: string;
  readonly oracle: Oracle;
  readonly example: Readonly<Record<string, number>>;
  readonly maxRows: number;
  readonly seed: number;
  /** Asked before each body. */
  readonly goesOn: (sent: number) => boolean;
}

/** Stops soon after the twentieth fault. */
export async function fuzz({ port, model, oracle, example, maxRows, seed, goesOn }: Fuzzing): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: atATime });
  const faults: string[] = [];
  let sent = 0;
  let valid = 0;
  const one = async () => {
    while (goesOn(sent) && faults.length < 20) {
      sent += 1;
      const body = bodyFrom(random, example, maxRows);
      const verdict = body.records === undefined ? 'refused' : oracle.judge(body.records);
      const answer = await send(agent, port, pathOf(body.protocol, model), body);
      if (typeof verdict !== 'string') valid += 1;
      const fault = faultOf(body.protocol, verdict, answer, oracle.slugs);
      if (fault !== undefined) faults.push(`${fault}: ${body.protocol} ${body.text.slice(0, 400)}`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
  agent.destroy();
  return { sent, valid, faults };
}

function pathOf(protocol: Protocol, model: string): string {
  if (protocol === 'predict') return '/predict';
  return protocol === 'rows' ? `/v1/models/${model}:predict` : `/v2/models/${model}/infer`;
}

function send(agent: Agent, port: number, path: string, { text: body }: Body): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
        () => resolve({ status: 0, body: '' }),
      );
    });
    call.on('error', () => resolve({ status: 0, body: '' }));
    call.end(body);
  });
}

/** @param slugs the classes' names in field names, in order. @returns what is wrong with an answer, in words. */
export function faultOf(
  protocol: Protocol,
  verdict: Verdict,
  { status, body }: Answer,
  slugs: readonly string[],
): string | undefined {
  const found = `${status} ${body.slice(0, 200)}`;
  if (verdict === 'refused') return status === 400 ? undefined : `expected 400, found ${found}`;
  if (verdict === 'too many') return status === 413 ? undefined : `expected 413, found ${found}`;
  if (verdict === 'either' && status === 400) return undefined;
  if (status !== 200) return `expected 200, found ${found}`;
  const rows = rowsIn(protocol, body, slugs);
  if (rows === undefined) return `expected rows of finite numbers, found ${found}`;
  if (verdict === 'either') return undefined;
  if (rows.length !== verdict.length) return `expected ${verdict.length} rows, found ${found}`;
  const wrong = rows.findIndex((row, index) => !agrees(row, verdict[index]));
  return wrong < 0 ? undefined : `expected ${JSON.stringify(verdict[wrong])} in row ${wrong}, found ${found}`;
}

interface Row {
  readonly label: unknown;
  readonly confidence: number;
  readonly probabilities: readonly number[];
}

function agrees({ label, confidence, probabilities }: Row, expected: ExpectedRow | undefined): boolean {
  if (expected === undefined || !expected.labels.includes(label)) return false;
  const isNear = (a: number, b: number | undefined) => Math.abs(a - (b ?? Number.NaN)) <= tolerance;
  return (
    isNear(confidence, Math.max(...expected.probabilities)) &&
    probabilities.length === expected.probabilities.length &&
    probabilities.every((one, index) => isNear(one, expected.probabilities[index]))
  );
}

/** @returns `undefined` for what is no answer of finite numbers. */
function rowsIn(protocol: Protocol, body: string, slugs: readonly string[]): readonly Row[] | undefined {
  try {
    const answer = JSON.parse(body);
    const rows: Row[] =
      protocol === 'tensors'
        ? fromTensors(answer.outputs)
        : answer.predictions.map((row: Named) => fromNamed(row, slugs));
    const hasNumbers = rows.every(({ confidence, probabilities }) =>
      [confidence, ...probabilities].every(Number.isFinite),
    );
    return hasNumbers ? rows : undefined;
  } catch {
    return undefined;
  }
}

type Named = Readonly<Record<string, unknown>>;

function fromNamed(row: Named, slugs: readonly string[]): Row {
  // TensorFlow Serving's rows have a list, ours a field each.
  const probabilities = (row.probabilities as number[] | undefined) ?? slugs.map((slug) => row[`p_${slug}`] as number);
  return { label: row.label, confidence: row.confidence as number, probabilities };
}

function fromTensors(outputs: readonly { name: string; data: readonly number[] }[]): Row[] {
  const dataOf = (name: string) => outputs.find((output) => output.name === name)?.data ?? [];
  const [labels, confidences, probabilities] = ['label', 'confidence', 'probabilities'].map(dataOf);
  const width = (probabilities?.length ?? 0) / (labels?.length ?? 0);
  return (labels ?? []).map((label, index) => ({
    label,
    confidence: confidences?.[index] ?? Number.NaN,
    probabilities: probabilities?.slice(index * width, (index + 1) * width) ?? [],
  }));
}
