// What went over the wire while a live check ran, in a form that can become a fixture of the emulated clouds: one exchange a line.

/** One request to a vendor's API and its answer; bodies are the vendor's own JSON. Headers with credentials are never kept. */
export interface Exchange {
  /** Seconds since the check began. */
  readonly at: number;
  readonly stage: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `AppRunner.DescribeService`, where the protocol names the operation in a header. */
  readonly target?: string;
  readonly request?: unknown;
  readonly status: number;
  readonly answer?: unknown;
  /** What a registry asks for: `Bearer realm="…"`. */
  readonly challenge?: string;
}

/** Something the check itself saw or did. */
export interface Note {
  readonly at: number;
  readonly stage: string;
  readonly note: string;
}

export type Entry = Exchange | Note;

export function isExchange(entry: Entry): entry is Exchange {
  return 'status' in entry;
}

/** Polling asks the same again and again: only what differs from the answer before it is kept. */
export class Transcript {
  readonly #entries: Entry[] = [];
  readonly #last = new Map<string, string>();
  readonly #began: number;
  readonly #now: () => number;
  stage = 'start';

  constructor(now: () => number) {
    this.#now = now;
    this.#began = now();
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  note(note: string): void {
    this.#entries.push({ at: this.#seconds(), stage: this.stage, note });
  }

  exchange(seen: Omit<Exchange, 'at' | 'stage'>): void {
    const asked = JSON.stringify([seen.method, seen.host, seen.path, seen.target, seen.request]);
    const said = JSON.stringify([this.stage, seen.status, seen.answer, seen.challenge]);
    if (this.#last.get(asked) === said) return;
    this.#last.set(asked, said);
    this.#entries.push({ at: this.#seconds(), stage: this.stage, ...seen });
  }

  #seconds(): number {
    return Math.round((this.#now() - this.#began) / 100) / 10;
  }
}

/** One JSON document a line, each redacted. */
export function writtenOut(entries: readonly Entry[], redact: (text: string) => string): string {
  return `${entries.map((entry) => redact(JSON.stringify(entry))).join('\n')}\n`;
}
