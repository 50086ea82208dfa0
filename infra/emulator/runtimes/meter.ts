// What requests met at one address, second by second: what a vendor's own metrics are made of.

export interface Counted {
  readonly revision: string;
  /** Milliseconds since the epoch at which this second began. */
  readonly atMs: number;
  /** Answers by hundreds of their status: `5` for 5xx. */
  readonly answers: Readonly<Record<number, number>>;
  readonly requests: number;
  readonly milliseconds: number;
}

/** Longer than anybody watches a release. */
const rememberedSeconds = 3600;

interface Second {
  readonly revision: string;
  readonly atMs: number;
  readonly answers: Record<number, number>;
  requests: number;
  milliseconds: number;
}

export class Meter {
  /** Oldest first. */
  #seconds: Second[] = [];

  count(answer: { readonly revision: string; readonly status: number; readonly milliseconds: number }): void {
    const second = this.#current(answer.revision);
    const hundreds = Math.floor(answer.status / 100);
    second.answers[hundreds] = (second.answers[hundreds] ?? 0) + 1;
    second.requests++;
    second.milliseconds += answer.milliseconds;
  }

  /** From `fromMs` on, before `toMs`. */
  between(fromMs: number, toMs: number): readonly Counted[] {
    return this.#seconds.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  }

  #current(revision: string): Second {
    const atMs = Math.floor(Date.now() / 1000) * 1000;
    // A second has one entry, or two while one revision takes over from another.
    for (let index = this.#seconds.length - 1; index >= 0; index--) {
      const second = this.#seconds[index];
      if (second === undefined || second.atMs < atMs) break;
      if (second.atMs === atMs && second.revision === revision) return second;
    }
    const second = { revision, atMs, answers: {}, requests: 0, milliseconds: 0 };
    this.#seconds.push(second);
    if (this.#seconds.length > rememberedSeconds) this.#seconds.shift();
    return second;
  }
}

/** One period made of several seconds, by when it began; periods in which nothing happened are not there. */
export function inPeriods(seconds: readonly Counted[], periodMs: number): ReadonlyMap<number, readonly Counted[]> {
  return Map.groupBy(seconds, ({ atMs }) => Math.floor(atMs / periodMs) * periodMs);
}

export function total(seconds: readonly Counted[], of: (second: Counted) => number): number {
  return seconds.reduce((sum, second) => sum + of(second), 0);
}
