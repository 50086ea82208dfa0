// One process: a job, or a command at somebody's keyboard. Every call it makes of the world is a point where it may wait, fail, or die.
import { DeliveryError } from '../contract/errors.ts';
import type { StepFault } from '../contract/step.ts';
import { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** `crash`: the process dies at this call, which was done or was not. */
export type FaultKind = StepFault | 'crash';

/** What befalls calls, and who writes it down. */
export interface Weather {
  readonly seed: number;
  /** Chance that a call goes wrong. */
  readonly faultRate: number;
  /** A span of true time in which calls whose name begins so mostly fail: faults come in swarms. */
  readonly outage?: { readonly of: string; readonly fromMs: number; readonly untilMs: number } | undefined;
  /** No more than this many in one schedule, outages aside. */
  faultsLeft: number;
  /** Calls that go well whatever the seed says: how a schedule is made smaller. */
  readonly spared: ReadonlySet<string>;
  /** The faults that happened, by call: `leg-1 17`. */
  readonly struck: string[];
  readonly trace: (line: string) => void;
}

export interface CallOptions<T> {
  /** Virtual milliseconds that it takes at most; a tenth of that at least, unless `exactly`. */
  readonly takesMs: number;
  readonly exactly?: boolean;
  /** What may go wrong besides a crash. */
  readonly faults: readonly StepFault[];
  /** Does it, or throws. */
  readonly apply: () => T;
  /** Does half of it. */
  readonly halfApply?: () => void;
  /** Arranges that it is done later, although the caller was told of an error. */
  readonly applyLate?: (afterMs: number) => void;
}

/** What a process is for, as far as rules are concerned. */
export type Purpose =
  | { readonly kind: 'promotion'; readonly promotion: string }
  | { readonly kind: 'deployment' | 'rollback' | 'paper' | 'outside' };

export class Process {
  readonly name: string;
  readonly purpose: Purpose;
  readonly random: Random;
  /** Its clock minus the true one, in milliseconds. */
  readonly skewMs: number;
  /** Jobs and people sit at one of two machines; a process that died is known to be dead only where it ran. */
  readonly machine: number;
  alive = true;
  readonly died: Promise<'died'>;
  #die: (reason: 'died') => void = () => {};
  #calls = 0;
  #ids = 0;
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;

  constructor(name: string, purpose: Purpose, scheduler: Scheduler, weather: Weather) {
    this.name = name;
    this.purpose = purpose;
    this.random = new Random(weather.seed, name);
    this.#scheduler = scheduler;
    this.#weather = weather;
    this.skewMs = this.random.chance(0.2) ? this.random.between(-600_000, 600_000) : this.random.between(-2000, 2000);
    this.machine = this.random.between(0, 2);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  newId(): string {
    return `${this.name}/${++this.#ids}`;
  }

  now(): number {
    return this.#scheduler.nowMs + this.skewMs;
  }

  /** Whatever is in the seed for this call comes true; a dead process hears nothing any more. */
  call<T>(what: string, options: CallOptions<T>): Promise<T> {
    const number = ++this.#calls;
    const { takesMs } = options;
    const share = 0.1 + 0.9 * this.random.next();
    const delayMs = options.exactly === true ? takesMs : takesMs * share;
    const luck = this.random.next();
    const kindDraw = this.random.next();
    const half = this.random.chance(0.5);
    const key = `${this.name} ${number}`;
    return new Promise<T>((resolve, reject) => {
      this.#scheduler.in(delayMs, () => {
        if (!this.alive) {
          // What was sent before the process died may still arrive.
          if (half) quietly(options.apply);
          return;
        }
        const fault = this.#isOut(what, luck)
          ? options.faults[Math.floor(kindDraw * options.faults.length)]
          : this.#strikes(key, luck)
            ? faultFor(options.faults, kindDraw)
            : undefined;
        this.#say(what, fault);
        switch (fault) {
          case undefined:
            return settle(options.apply, resolve, reject);
          case 'fail':
            return reject(failure(what, 'it failed'));
          case 'lost':
            quietly(options.apply);
            return this.#scheduler.in(takesMs, () => this.alive && reject(failure(what, 'the answer was lost')));
          case 'time-out': {
            const later = takesMs * (1 + kindDraw);
            if (half) (options.applyLate ?? (() => {}))(later * 2);
            return this.#scheduler.in(later, () => this.alive && reject(failure(what, 'no answer in time')));
          }
          case 'half-apply':
            options.halfApply?.();
            return reject(failure(what, 'it stopped half-way'));
          case 'crash':
            if (half) quietly(options.apply);
            else if (kindDraw > 0.9) options.halfApply?.();
            return this.crash();
        }
      });
    });
  }

  /** Time that passes for this process alone. */
  async sleep(milliseconds: number): Promise<void> {
    await this.call('sleep', { takesMs: milliseconds, exactly: true, faults: [], apply: () => undefined });
  }

  crash(): void {
    this.alive = false;
    this.#die('died');
  }

  #isOut(what: string, luck: number): boolean {
    const { outage } = this.#weather;
    const { nowMs } = this.#scheduler;
    return (
      outage !== undefined &&
      luck < 0.7 &&
      what.startsWith(outage.of) &&
      outage.fromMs <= nowMs &&
      nowMs < outage.untilMs
    );
  }

  #strikes(key: string, luck: number): boolean {
    const weather = this.#weather;
    if (luck >= weather.faultRate || weather.spared.has(key) || weather.faultsLeft <= 0) return false;
    weather.faultsLeft--;
    weather.struck.push(key);
    return true;
  }

  #say(what: string, fault: FaultKind | undefined): void {
    this.#weather.trace(`${this.name}: ${what}${fault === undefined ? '' : ` *** ${fault}`}`);
  }
}

/** One in six faults is a crash, wherever it happens. */
function faultFor(faults: readonly StepFault[], draw: number): FaultKind {
  return draw < 5 / 6 ? (faults[Math.floor(draw * 1.2 * faults.length)] ?? 'crash') : 'crash';
}

function failure(what: string, how: string): DeliveryError {
  return new DeliveryError(what.startsWith('ledger') ? 'errored' : 'cloud-unreachable', `${what}: ${how}`);
}

function settle<T>(apply: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(apply());
  } catch (error) {
    reject(error);
  }
}

function quietly(apply: () => unknown): void {
  try {
    apply();
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
  }
}
