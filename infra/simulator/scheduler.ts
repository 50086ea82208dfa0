// Virtual time: what is to happen, in order, and nothing else happens. No real clock, no real waiting.

interface Event {
  readonly atMs: number;
  /** Breaks ties: first come, first served. */
  readonly order: number;
  readonly happen: () => void;
}

/** So many events are more than any schedule needs: something waits for itself. */
const mostEvents = 20_000;

export class Scheduler {
  nowMs: number;
  events = 0;
  readonly #pending: Event[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** @param delayMs virtual milliseconds from now. */
  in(delayMs: number, happen: () => void): void {
    const event = { atMs: this.nowMs + delayMs, order: this.#order++, happen };
    // Sorted, the soonest last; there are never more than a few dozen.
    let index = this.#pending.length;
    while (index > 0 && isSooner(this.#pending[index - 1], event)) index--;
    this.#pending.splice(index, 0, event);
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.in(delayMs, resolve));
  }

  /** Lets everything happen, one event at a time; between two, whoever was woken goes on until all wait again. */
  async run(): Promise<void> {
    await everyoneWaits();
    for (let event = this.#pending.pop(); event !== undefined; event = this.#pending.pop()) {
      if (++this.events > mostEvents) throw new Error(`no end after ${mostEvents} events`);
      this.nowMs = event.atMs;
      event.happen();
      await everyoneWaits();
    }
  }
}

function isSooner(one: Event | undefined, than: Event): boolean {
  return one !== undefined && one.atMs <= than.atMs;
}

/** A tick comes when no promise job is left, and there is no real I/O that could come later; an immediate would ask the kernel each time. */
function everyoneWaits(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
