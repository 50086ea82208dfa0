// Refuses predictions that it could not answer in time: by how many are in flight, and by how late the event loop is.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export type ShedReason = 'in-flight' | 'event-loop';

const resolutionMs = 20;
const windowMs = 500;
const shareStep = 0.25;
/** Some get through always: they tell when it is over. */
const mostShed = 0.95;
const leastShed = 0.02;

/**
 * The share of predictions to refuse in the next window.
 * One late window is a pause (garbage, a neighbour on the machine) and refuses nobody; from the second on the share grows, and it halves with each window in time.
 */
export function nextShare(share: number, wasLate: boolean, isLate: boolean): number {
  if (isLate) return wasLate ? Math.min(mostShed, share + shareStep) : share;
  return share / 2 < leastShed ? 0 : share / 2;
}

export class Overload {
  readonly #maxInFlight: number;
  readonly #maxDelayMs: number;
  #inFlight = 0;
  #share = 0;
  #owed = 0;
  #wasLate = false;
  #monitor: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxDelayMs 0 never refuses for delay. */
  constructor(maxInFlight: number, maxDelayMs: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxDelayMs = maxDelayMs;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Begins to watch the event loop: after warm-up, which blocks it on purpose. */
  start(): void {
    if (this.#maxDelayMs === 0 || this.#timer !== undefined) return;
    const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
    monitor.enable();
    this.#monitor = monitor;
    this.#timer = setInterval(() => {
      // In nanoseconds, the resolution included; NaN when nothing was measured.
      const delayMs = monitor.mean / 1e6 - resolutionMs;
      monitor.reset();
      this.observe(delayMs);
    }, windowMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#monitor?.disable();
    this.#share = 0;
  }

  /** @param delayMs how late the event loop was in the window that ended. */
  observe(delayMs: number): void {
    const isLate = delayMs > this.#maxDelayMs;
    this.#share = nextShare(this.#share, this.#wasLate, isLate);
    this.#wasLate = isLate;
  }

  /** @returns why the request must be refused; `undefined` when it may begin, and `leave` must be called once. */
  enter(): ShedReason | undefined {
    if (this.#inFlight >= this.#maxInFlight) return 'in-flight';
    if (this.#share > 0) {
      // Evenly spread instead of drawn: 0.25 refuses each fourth.
      this.#owed += this.#share;
      if (this.#owed >= 1) {
        this.#owed -= 1;
        return 'event-loop';
      }
    }
    this.#inFlight += 1;
    return undefined;
  }

  readonly leave = (): void => {
    this.#inFlight -= 1;
  };
}
