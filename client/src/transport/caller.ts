// Makes calls: asks the policy what to do next, does it, and tells it what came of it. All deciding is in policy/.
import { asFailure, ExhaustedError, type Failure, type RefusedError, TimedOutError } from '../errors.ts';
import type { Settled } from '../policy/endpoint.ts';
import { createFleet, type Fleet, type FleetEvent, nextFleet } from '../policy/fleet.ts';
import { type Call, hedgeAfterMs, hedgeTo, type Limits, nextStep, type Step } from '../policy/step.ts';
import type { Outcome } from './outcome.ts';
import { type Fetch, type Request, tryOnce } from './try.ts';

export interface CallerOptions extends Limits {
  /** Without a trailing `/`. */
  readonly endpoints: readonly string[];
  readonly timeoutMs: number;
  /** Of the calls, that may be sent twice. */
  readonly hedgeShare: number;
  readonly fetch: Fetch;
}

export interface CallOptions {
  /** From the call to its end. */
  readonly timeoutMs?: number | undefined;
  /** For a try before the last one. */
  readonly tryTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type TryStep = Extract<Step, { kind: 'try' }>;
type Unanswered = Extract<Outcome<never>, { kind: 'failed' | 'turned-away' }>;
/** Tries that another endpoint may answer, and how the round ended, unless they are all there was. */
interface Round<T> {
  readonly tries: readonly (Unanswered & { readonly endpoint: number; readonly at: number })[];
  readonly end?: Exclude<Outcome<T>, { kind: 'failed' | 'turned-away' }>;
}

export class Caller {
  readonly #options: CallerOptions;
  #fleet: Fleet;
  /** By endpoint; tells why it is left alone. */
  readonly #lastFailures = new Map<number, Failure>();

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#fleet = createFleet(options.endpoints.length);
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** @throws RefusedError, TimedOutError, ExhaustedError; the signal's reason when it was aborted. */
  async call<T>(request: Request<T>, options: CallOptions): Promise<T> {
    const { timeoutMs = this.#options.timeoutMs, tryTimeoutMs = this.#options.tryTimeoutMs, signal } = options;
    const limits: Limits = { ...this.#options, tryTimeoutMs };
    // One id for all tries: the services' logs show them as one.
    const requestId = request.headers['x-request-id'] ?? '';
    const failures: Failure[] = [];
    const refusals: RefusedError[] = [];
    const fresh = { rounds: 0, seen: [], turnedAway: [], holds: [], hasRested: false };
    let call: Call = { deadline: performance.now() + timeoutMs, ...fresh };
    this.#learn({ kind: 'called' });
    for (;;) {
      signal?.throwIfAborted();
      const step = nextStep(call, this.#fleet, limits, performance.now(), Math.random());
      if (step.kind === 'give-up') {
        if (step.why === 'deadline') throw new TimedOutError(timeoutMs, requestId, failures);
        if (step.why === 'refused' && refusals[0] !== undefined) throw refusals[0];
        throw new ExhaustedError(requestId, [...failures, ...this.#pauses(failures)]);
      }
      if (step.kind === 'wait') {
        await rest(step.ms, signal);
        call = { ...call, hasRested: true };
        continue;
      }
      const { tries, end } = await this.#round(step, call, request, signal);
      if (end?.kind === 'abandoned') continue;
      failures.push(...tries.map((one) => (one.kind === 'failed' ? one.failure : asFailure(one.error))));
      refusals.push(...tries.flatMap((one) => (one.kind === 'turned-away' ? [one.error] : [])));
      call = after(call, tries);
      if (end === undefined) continue;
      // Another one took it: the no was theirs alone.
      for (const endpoint of call.turnedAway)
        this.#learn({ kind: 'disproved', endpoint, at: performance.now(), random: Math.random() });
      if (end.kind === 'answered') return end.value;
      throw end.error;
    }
  }

  /** Asks one endpoint once, whatever is thought of it. */
  ask<T>(endpoint: number, request: Request<T>, { timeoutMs, signal }: CallOptions): Promise<Outcome<T>> {
    const { endpoints, tryTimeoutMs, fetch } = this.#options;
    const never = new AbortController().signal;
    return tryOnce(fetch, endpoints[endpoint] ?? '', request, timeoutMs ?? tryTimeoutMs, signal ?? never);
  }

  /** A try, joined by a second one elsewhere when it is slow. The first answer ends the other. */
  #round<T>(step: TryStep, call: Call, request: Request<T>, signal: AbortSignal | undefined): Promise<Round<T>> {
    const { endpoint, withinMs, probe, pays } = step;
    if (probe !== undefined) void this.#try(probe, request, this.#options.tryTimeoutMs, undefined, undefined);
    const endsAt = performance.now() + withinMs;
    return new Promise((resolve) => {
      const running = new Set<AbortController>();
      const tries: Round<T>['tries'][number][] = [];
      const finish = (end?: Round<T>['end']) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abandon);
        for (const one of running) one.abort();
        resolve(end === undefined ? { tries } : { tries, end });
      };
      const abandon = () => finish({ kind: 'abandoned' });
      const launch = (index: number, pays: 'retry' | 'hedge' | undefined) => {
        const stop = new AbortController();
        running.add(stop);
        void this.#try(index, request, endsAt - performance.now(), stop.signal, pays).then((outcome) => {
          running.delete(stop);
          if (outcome.kind === 'abandoned') return;
          if (outcome.kind !== 'failed' && outcome.kind !== 'turned-away') return finish(outcome);
          tries.push({ ...outcome, endpoint: index, at: performance.now() });
          if (running.size === 0) finish();
        });
      };
      const hedge = () => {
        const second = hedgeTo(endpoint, call, this.#fleet, performance.now(), Math.random());
        if (second !== undefined) launch(second, 'hedge');
      };
      const hedgeMs = hedgeAfterMs(this.#fleet, this.#options);
      const timer = hedgeMs === undefined || hedgeMs >= withinMs ? undefined : setTimeout(hedge, hedgeMs);
      signal?.addEventListener('abort', abandon, { once: true });
      launch(endpoint, pays);
    });
  }

  async #try<T>(
    endpoint: number,
    request: Request<T>,
    withinMs: number,
    signal: AbortSignal | undefined,
    pays: 'retry' | 'hedge' | undefined,
  ): Promise<Outcome<T>> {
    const startedAt = performance.now();
    this.#learn({ kind: 'started', endpoint, at: startedAt, pays });
    const outcome = await this.ask(endpoint, request, { timeoutMs: withinMs, signal });
    if (outcome.kind === 'failed') this.#lastFailures.set(endpoint, outcome.failure);
    const at = performance.now();
    this.#learn({ kind: 'settled', endpoint, startedAt, at, ...meaningOf(outcome), random: Math.random() });
    return outcome;
  }

  /** Endpoints that this call did not ask because they said when to come back. */
  #pauses(failures: readonly Failure[]): readonly Failure[] {
    const now = performance.now();
    return this.#options.endpoints.flatMap((endpoint, index) => {
      const ms = (this.#fleet.endpoints[index]?.pausedUntil ?? 0) - now;
      if (ms <= 0 || failures.some((failure) => failure.endpoint === endpoint)) return [];
      const { message = '', status, code } = this.#lastFailures.get(index) ?? {};
      return [{ endpoint, reason: 'paused', message: `for ${Math.ceil(ms)} ms more: ${message}`, status, code }];
    });
  }

  #learn(event: FleetEvent): void {
    this.#fleet = nextFleet(this.#fleet, event, this.#options.hedgeShare);
  }
}

/** The call after a round that brought no answer, or none from these. */
function after(call: Call, tries: Round<unknown>['tries']): Call {
  const away = tries.filter(({ kind }) => kind === 'turned-away');
  return {
    ...call,
    rounds: call.rounds + 1,
    seen: [...call.seen, ...tries.map(({ endpoint }) => endpoint)],
    turnedAway: [...call.turnedAway, ...away.map(({ endpoint }) => endpoint)],
    holds: [
      ...call.holds,
      ...tries.flatMap((one) => {
        const ms = one.kind === 'failed' ? (one.pauseMs ?? 0) : 0;
        return ms > 0 ? [{ endpoint: one.endpoint, until: one.at + ms, ms }] : [];
      }),
    ],
    hasRested: false,
  };
}

/** What the policy calls it. */
function meaningOf(outcome: Outcome<unknown>): Pick<Settled, 'outcome' | 'pauseMs'> {
  if (outcome.kind !== 'failed') return { outcome: outcome.kind };
  if (outcome.pauseMs !== undefined && outcome.pauseMs > 0) return { outcome: 'shed', pauseMs: outcome.pauseMs };
  return { outcome: outcome.failure.reason === 'timed-out' ? 'timed-out' : 'failed' };
}

/** Ends early when the signal is aborted; who waits looks at the signal then. */
function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
