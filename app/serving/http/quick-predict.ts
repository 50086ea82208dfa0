// `POST /predict` as clients send it, answered before Express has looked at it: same gate, same checks, same answer, same metrics and log.
// What is out of the ordinary, every error among it, goes to Express with what was read so far: there is one place that says no.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { AppError } from '../../model/errors.ts';
import { blockRows } from '../batcher.ts';
import type { Life } from '../life.ts';
import type { RequestLog } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Predictor } from '../predictor.ts';
import type { Statistics } from '../protocols/statistics.ts';
import type { Settings } from '../settings/settings.ts';
import type { Gate } from './gate.ts';
import { handOver } from './handover.ts';
import { everyHeader } from './headers.ts';
import { recordsOf } from './predict.ts';
import { requestIdFrom } from './request-id.ts';

export interface QuickDependencies {
  readonly life: Life;
  readonly metrics: Metrics;
  readonly statistics: Statistics;
  readonly gate: Gate;
  readonly requestLog: RequestLog | undefined;
  readonly limits: Pick<Settings, 'bodyLimitBytes' | 'maxRows'>;
}

const jsonTypes = new Set(['application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-8']);
const fixedHeaders = Object.entries(everyHeader).flat();
/** Beyond it, reading the body is a step of its own. */
const largeBytes = 65_536;

/** @param others everything else. */
export function quickPredict(dependencies: QuickDependencies, others: RequestListener): RequestListener {
  const { life, metrics, statistics, gate, requestLog, limits } = dependencies;
  let room = new Float32Array(0);

  return (request, response) => {
    if (!isOrdinary(request, life, limits.bodyLimitBytes)) return others(request, response);
    const started = performance.now();
    const refusal = gate(request, response);
    if (refusal !== undefined) {
      if (refusal === 'answered') return;
      handOver(request, { refusal });
      return others(request, response);
    }
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    request.on('data', (chunk: Buffer) => {
      if (first === undefined) first = chunk;
      else if (rest === undefined) rest = [first, chunk];
      else rest.push(chunk);
    });
    request.on('end', () => {
      const bytes = rest === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest);
      const slowly = (error?: unknown) => handBack(request, response, bytes, error);
      if (bytes.length > largeBytes) predictInSteps(request, response, started, bytes, slowly).catch(slowly);
      else if (!predict(request, response, started, bytes)) slowly();
    });
  };

  /** @param error what the batcher said: a full queue is answered as such, anything else is looked at once more. */
  function handBack(request: IncomingMessage, response: ServerResponse, body: Buffer, error?: unknown): void {
    const refusal = error instanceof AppError && error.code === 'overloaded' ? error : undefined;
    handOver(request, { refusal, body });
    others(request, response);
  }

  /** @returns false when the slow way must answer. */
  function predict(request: IncomingMessage, response: ServerResponse, started: number, bytes: Buffer): boolean {
    const records = recordsIn(bytes.toString('utf8'), limits.maxRows);
    const predictor = life.models[0];
    if (records === undefined || predictor === undefined || records.length > blockRows) return false;
    const { blocks } = predictor;
    const rows = records.length;
    const computing = performance.now();
    if (room.length < blockRows * blocks.inputWidth) room = new Float32Array(blockRows * blocks.inputWidth);
    for (let row = 0; row < rows; row++) if (!blocks.write(records[row], room, row)) return false;
    try {
      if (blocks.joins) {
        const say = (outputs: Float32Array) => {
          const text = blocks.text.rows(outputs, 0, rows, metrics.noteOf(predictor));
          if (text === undefined) throw new Error('not finite');
          answer(request, response, started, computing, predictor, rows, text);
        };
        blocks.batcher
          .submit(room.slice(0, rows * blocks.inputWidth), rows)
          .then(say)
          .catch((error: unknown) => handBack(request, response, bytes, error));
        return true;
      }
      const text = blocks.text.rows(blocks.run(room, rows), 0, rows, metrics.noteOf(predictor));
      if (text === undefined) return false;
      answer(request, response, started, computing, predictor, rows, text);
      return true;
    } catch {
      return false;
    }
  }

  /** Many rows: each step is short, and between two of them the event loop has its turn. The model is the one of the first step. */
  async function predictInSteps(
    request: IncomingMessage,
    response: ServerResponse,
    started: number,
    bytes: Buffer,
    slowly: () => void,
  ): Promise<void> {
    await turn();
    const text = bytes.toString('utf8');
    if (bytes.length > 16 * largeBytes) await turn();
    const records = recordsIn(text, limits.maxRows);
    const predictor = life.models[0];
    if (records === undefined || predictor === undefined) return slowly();
    const { blocks } = predictor;
    const rows = records.length;
    const computing = performance.now();
    const inputs = new Float32Array(rows * blocks.inputWidth);
    for (let row = 0; row < rows; row++) {
      if (row % blockRows === 0) await turn();
      if (!blocks.write(records[row], inputs, row)) return slowly();
    }
    const outputs = await blocks.batcher.submit(inputs, rows);
    const texts: string[] = [];
    for (let row = 0; row < rows; row += blockRows) {
      const one = blocks.text.rows(outputs, row, Math.min(row + blockRows, rows), metrics.noteOf(predictor));
      if (one === undefined) return slowly();
      texts.push(one);
      await turn();
    }
    answer(request, response, started, computing, predictor, rows, texts.join(','));
  }

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    started: number,
    computing: number,
    predictor: Predictor,
    rows: number,
    text: string,
  ): void {
    const computed = performance.now();
    const { opening, closing } = predictor.blocks.text;
    const requestId = requestIdFrom(request.headers['x-request-id']);
    const body = opening + text + closing;
    const length = Buffer.byteLength(body);
    const own = ['content-type', 'application/json', 'content-length', String(length), 'x-request-id', requestId];
    if (life.phase === 'draining') own.push('connection', 'close');
    response.writeHead(200, own.concat(fixedHeaders));
    // Plain ASCII, as nearly every answer is, goes out a byte a character.
    response.end(body, length === body.length ? 'latin1' : 'utf8');
    metrics.answered(predictor, rows, (computed - computing) / 1000);
    statistics.answered(predictor, rows, computing - started, computed - computing);
    const seconds = (performance.now() - started) / 1000;
    metrics.request('POST', '/predict', 200, seconds);
    requestLog?.line({
      request,
      requestId,
      method: 'POST',
      route: '/predict',
      status: 200,
      code: undefined,
      seconds,
      inferred: { model: predictor.model.name, version: predictor.version, rows },
    });
  }
}

function isOrdinary({ method, url, headers }: IncomingMessage, life: Life, bodyLimitBytes: number): boolean {
  if (url !== '/predict' || method !== 'POST' || life.phase !== 'ready') return false;
  if (headers['transfer-encoding'] !== undefined || headers['content-encoding'] !== undefined) return false;
  const length = Number(headers['content-length']);
  return length > 0 && length <= bodyLimitBytes && jsonTypes.has(headers['content-type'] ?? '');
}

/** @returns `undefined` for what must be looked at more closely. */
function recordsIn(text: string, maxRows: number): readonly unknown[] | undefined {
  try {
    const records = recordsOf(JSON.parse(text));
    return records.length > 0 && records.length <= maxRows ? records : undefined;
  } catch {
    return undefined;
  }
}
