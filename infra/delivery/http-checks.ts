// What an endpoint itself says: who it is, whether it is ready, what it answers to the golden inputs.
import type { Golden } from '../contract/golden.ts';
import type { Clock } from '../contract/ports.ts';
import { type ModelOfRelease, modelWord, type ReleaseIdentity } from '../contract/release.ts';
import { readyPath, versionPath } from '../contract/service.ts';
import type { Check, Outcome } from '../contract/verification.ts';
import type { PredictionRows } from './delivery.ts';
import { differenceInWords, firstDifference } from './predictions.ts';

export interface Asking {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Milliseconds between two tries, and after which the last answer counts. */
  readonly everyMs: number;
  readonly forMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request that takes longer says nothing; never scaled, since a prediction's time is not the platform's waiting. */
const requestTimeoutMs = 10_000;

/** `/version` reports the release, the image and the baked build. Another release is waited for: a router may still be switching. */
export function checkIdentity(asking: Asking, endpoint: string, identity: ReleaseIdentity): Promise<Check> {
  const fields = ['releaseId', 'imageDigest', 'buildId'] as const;
  return check(
    asking,
    'identity',
    `${endpoint}${versionPath}`,
    `${identity.releaseId} (${identity.buildId})`,
    (answer) => {
      const wrong = fields.filter((field) => fieldOf(answer.body, field) !== identity[field]);
      if (answer.status !== 200 || answer.body === undefined) return couldNotTell(answer);
      return wrong.length === 0
        ? { outcome: 'passed', found: `${identity.releaseId} (${identity.buildId})` }
        : {
            outcome: 'failed',
            found: wrong.map((field) => `${field} ${fieldOf(answer.body, field) ?? 'missing'}`).join(', '),
          };
    },
  );
}

/** Asked once the identity is right: a right build that never becomes ready is bad, and says why. */
export function checkReadiness(asking: Asking, endpoint: string): Promise<Check> {
  return check(asking, 'readiness', `${endpoint}${readyPath}`, 'ready', (answer) => {
    if (answer.status === 200) return { outcome: 'passed', found: 'ready' };
    const reason = fieldOf(answer.body, 'reason') ?? fieldOf(answer.body, 'error');
    return answer.status === 503 && reason !== undefined
      ? { outcome: 'failed', found: `not ready: ${reason}` }
      : couldNotTell(answer);
  });
}

export interface GoldenAnswer {
  readonly check: Check;
  readonly predictions?: PredictionRows;
}

/**
 * The golden inputs get the answers training computed, from the very model the manifest names. Wrong answers are final: no second try.
 * @param isFirst it answers `/predict`; the others are asked for by their names.
 */
export async function checkGoldenPredictions(
  asking: Asking,
  endpoint: string,
  model: ModelOfRelease,
  golden: Golden,
  isFirst = true,
): Promise<GoldenAnswer> {
  const place = `/${model.name}${model.label === undefined ? '' : `/labels/${model.label}`}`;
  const expected = golden.cases.map((one) => one.output);
  const body = JSON.stringify({ instances: golden.cases.map((one) => one.input) });
  let predictions: PredictionRows | undefined;
  const made = await check(
    asking,
    isFirst ? 'golden-predictions' : `golden-predictions ${modelWord(model)}`,
    `${endpoint}/predict${isFirst ? '' : place}`,
    `${expected.length} predictions of ${model.name} ${model.digest} within ${golden.tolerance}`,
    (answer) => {
      predictions = rowsOf(answer.body);
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        return {
          outcome: 'failed',
          final: true,
          found: `HTTP ${answer.status}: ${fieldOf(answer.body, 'error') ?? answer.text}`,
        };
      }
      // The service's own errors carry a code, a platform's do not.
      if (answer.status >= 500 && fieldOf(answer.body, 'code') !== undefined) {
        return { outcome: 'failed', found: `HTTP ${answer.status}: ${fieldOf(answer.body, 'error') ?? answer.text}` };
      }
      if (answer.status !== 200 || predictions === undefined) return couldNotTell(answer);
      const answeredBy = fieldOf(valueAt(answer.body, 'model'), 'digest');
      if (answeredBy !== model.digest) {
        return { outcome: 'failed', final: true, found: `answers of the model ${answeredBy ?? 'without a digest'}` };
      }
      const difference = firstDifference(expected, predictions, golden.tolerance);
      return difference === undefined
        ? { outcome: 'passed', found: `${predictions.length} equal predictions` }
        : { outcome: 'failed', final: true, found: differenceInWords(difference) };
    },
    { method: 'POST', headers: { 'content-type': 'application/json' }, body },
  );
  return predictions === undefined ? { check: made } : { check: made, predictions };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}
interface Judgement {
  readonly outcome: Outcome;
  readonly found: string;
  /** Asking again would not change it. */
  readonly final?: boolean;
}

/** Asks until the judgement is `passed` or final, or the time is over; then the last one counts. */
async function check(
  asking: Asking,
  name: string,
  url: string,
  expected: string,
  judge: (answer: Answer) => Judgement,
  init: RequestInit = {},
): Promise<Check> {
  const started = asking.clock.now();
  for (;;) {
    const answer = await ask(asking, url, init);
    const { outcome, found, final } = 'unreachable' in answer ? unreachable(answer.unreachable) : judge(answer);
    const elapsedMs = asking.clock.now() - started;
    if (outcome === 'passed' || final === true || elapsedMs + asking.everyMs > asking.forMs) {
      return { name, outcome, expected, found, seconds: elapsedMs / 1000, source: url };
    }
    await asking.clock.sleep(asking.everyMs, asking.signal);
  }
}

async function ask(asking: Asking, url: string, init: RequestInit): Promise<Answer | { unreachable: string }> {
  asking.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const signal = asking.signal === undefined ? timeout : AbortSignal.any([timeout, asking.signal]);
  try {
    const response = await asking.fetch(url, { ...init, signal, redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, text: text.slice(0, 200), body: parsed(text) };
  } catch (error) {
    asking.signal?.throwIfAborted();
    return { unreachable: causeOf(error) };
  }
}

function unreachable(why: string): Judgement {
  return { outcome: 'errored', found: `no answer: ${why}` };
}

function couldNotTell(answer: Answer): Judgement {
  return { outcome: 'errored', found: `HTTP ${answer.status}${answer.text === '' ? '' : `: ${answer.text}`}` };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valueAt(body: unknown, field: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  return Object.entries(body).find(([key]) => key === field)?.[1];
}

function fieldOf(body: unknown, field: string): string | undefined {
  const value = valueAt(body, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function rowsOf(body: unknown): PredictionRows | undefined {
  const rows = valueAt(body, 'predictions');
  return Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null) ? rows : undefined;
}
