// Questions to several processes at once: a round is over when each has answered or ended, or when its time is up.

interface Round {
  /** Asked, and has said neither yes nor no. */
  readonly silent: Set<number>;
  readonly declined: Set<number>;
  end(): void;
}

export class Rounds {
  readonly #open = new Map<number, Round>();
  #last = 0;

  /**
   * @param processes by their ids. @param send puts the question to all of them, with the id of the round.
   * @returns how many said no or nothing in time; one that ended is not missed.
   */
  async ask(processes: readonly number[], withinMs: number, send: (id: number) => void): Promise<number> {
    const id = ++this.#last;
    const silent = new Set(processes);
    const declined = new Set<number>();
    if (silent.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#open.set(id, { silent, declined, end: resolve });
      send(id);
      const late = setTimeout(resolve, withinMs).unref();
      await promise;
      clearTimeout(late);
      this.#open.delete(id);
    }
    return silent.size + declined.size;
  }

  answered(id: number, process: number, isYes = true): void {
    const round = this.#open.get(id);
    if (round === undefined || !round.silent.delete(process)) return;
    if (!isYes) round.declined.add(process);
    if (round.silent.size === 0) round.end();
  }

  ended(process: number): void {
    for (const id of this.#open.keys()) this.answered(id, process);
  }
}
