// How many predictions each client had in this minute. Fixed windows, bounded memory.

const windowMs = 60_000;
/** Clients that are counted at a time; the one counted longest ago makes room. */
const mostClients = 10_000;

export interface RateAnswer {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Until the window ends, whole and at least 1. */
  readonly resetSeconds: number;
}

export class RateLimit {
  readonly perMinute: number;
  readonly #windows = new Map<string, { start: number; used: number }>();

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** @param now in ms, never going back. @param count how many at once: all of them are counted, or none. */
  take(client: string, now: number, count = 1): RateAnswer {
    let window = this.#windows.get(client);
    if (window === undefined || now - window.start >= windowMs) {
      this.#windows.delete(client);
      if (this.#windows.size >= mostClients) this.#forgetOldest();
      window = { start: now, used: 0 };
      this.#windows.set(client, window);
    }
    const isAllowed = window.used + count <= this.perMinute;
    if (isAllowed) window.used += count;
    return {
      isAllowed,
      remaining: this.perMinute - window.used,
      resetSeconds: Math.max(1, Math.ceil((window.start + windowMs - now) / 1000)),
    };
  }

  #forgetOldest(): void {
    for (const client of this.#windows.keys()) {
      this.#windows.delete(client);
      return;
    }
  }
}

/** `RateLimit-Policy` and `RateLimit` of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/. */
export function rateHeaders(
  perMinute: number,
  { remaining, resetSeconds }: RateAnswer,
): [policy: string, limit: string] {
  return [`"minute";q=${perMinute};w=60`, `"minute";r=${remaining};t=${resetSeconds}`];
}
