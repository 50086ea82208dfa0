// The thin half of every prover: asks again until the pure half can tell, or the time is over.
import { DeliveryError } from '../contract/errors.ts';
import type { Clock } from '../contract/ports.ts';
import type { RuntimeContract } from '../contract/runtime.ts';
import type { Check, Outcome } from '../contract/verification.ts';

/** What one look at a control plane says. `wait`: it may still turn out either way. */
export interface Judgement {
  readonly outcome: Outcome | 'wait';
  readonly expected: string;
  readonly found: string;
  readonly source: string;
}

/** The control plane answered, and the answer is that it won't tell: no right to ask, no such thing. */
export class Unanswered extends Error {
  /** Will asking again help? Throttling and broken connections pass; a missing right does not. */
  readonly passing: boolean;

  constructor(message: string, options: { readonly passing: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Unanswered';
    this.passing = options.passing;
  }
}

export interface Polling {
  /** Looks once and judges. @throws Unanswered, or whatever a connection throws; both are asked again. */
  readonly look: () => Promise<Judgement>;
  /** What is looked at, for a check that never got an answer. */
  readonly expected: string;
  readonly source: string;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface Pace {
  readonly everyMilliseconds: number;
  readonly forMilliseconds: number;
}

/** Rights granted a moment ago take effect late, so what can't be told is asked for a little longer before it is believed. */
const patience = 6;
/** A loopback answers at once; asking more often would only take the processor from what is asked about. */
const shortestMilliseconds = 100;

/** Shortened, the time limit must still outlast a start on a busy laptop: emulated platforms wait for their containers in real time. */
const shortestLimitMilliseconds = 90_000;

export function paceOf(runtime: RuntimeContract, timeScale: number): Pace {
  const { everySeconds, forSeconds } = runtime.poll.value;
  return {
    everyMilliseconds: Math.max(shortestMilliseconds, (everySeconds * 1000) / timeScale),
    forMilliseconds: Math.max(Math.min(shortestLimitMilliseconds, forSeconds * 1000), (forSeconds * 1000) / timeScale),
  };
}

/** @returns the check `control-plane`; `errored` when the time is over or nothing could be told several times in a row. */
export async function pollUntilTold(polling: Polling): Promise<Check> {
  const { clock, pace, signal } = polling;
  const started = clock.now();
  const seconds = () => (clock.now() - started) / 1000;
  for (let untold = 0; ; ) {
    const { passing, ...judgement } = await lookOnce(polling);
    if (judgement.outcome === 'passed' || judgement.outcome === 'failed') return checkOf(judgement, seconds());
    untold = judgement.outcome === 'errored' && !passing ? untold + 1 : 0;
    if (untold >= patience) return checkOf(judgement, seconds());
    if (clock.now() - started + pace.everyMilliseconds > pace.forMilliseconds) {
      const found = `${judgement.found}, after ${Math.round(seconds())} s`;
      return checkOf({ ...judgement, found }, seconds());
    }
    await clock.sleep(pace.everyMilliseconds, signal);
  }
}

/**
 * What a control plane shows before a deployment. Without it an old operation could be taken for the new one, so nothing is deployed.
 * @throws DeliveryError `cloud-unreachable` after the last try.
 */
export async function readBaseline<T>(product: string, clock: Clock, read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (tries < baselineTries) {
        await clock.sleep(baselineWaitMilliseconds);
        continue;
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new DeliveryError('cloud-unreachable', `${product}: could not read what it runs now: ${reason}`, {
        hint: 'check the credentials and the connection, then run the command again',
        cause: error,
      });
    }
  }
}

const baselineTries = 3;
const baselineWaitMilliseconds = 1000;

async function lookOnce({ look, expected, source, signal }: Polling): Promise<Judgement & { passing: boolean }> {
  try {
    return { ...(await look()), passing: false };
  } catch (error) {
    signal?.throwIfAborted();
    const found = `no answer: ${error instanceof Error ? error.message : String(error)}`;
    return { outcome: 'errored', expected, found, source, passing: !(error instanceof Unanswered) || error.passing };
  }
}

function checkOf({ outcome, expected, found, source }: Judgement, seconds: number): Check {
  return { name: 'control-plane', outcome: outcome === 'wait' ? 'errored' : outcome, expected, found, seconds, source };
}
