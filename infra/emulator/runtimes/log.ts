// The newest lines of what a container or a platform said, and no more: an emulator that runs for days must not grow.
const mostLines = 400;
const longestLine = 2_000;
const mostSaid = 2_000;

export class BoundedLog {
  #lines: string[] = [];
  #unfinished = '';
  #heard: (line: string) => void;

  /** @param heard is told of each line once it is whole. */
  constructor(heard: (line: string) => void = () => {}) {
    this.#heard = heard;
  }

  append(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = (lines.pop() ?? '').slice(0, longestLine);
    const kept = lines.slice(-mostLines).map((line) => line.slice(0, longestLine));
    this.#lines.push(...kept);
    for (const line of kept) this.#heard(line);
    if (this.#lines.length > mostLines) this.#lines = this.#lines.slice(-mostLines);
  }

  lines(): readonly string[] {
    return this.#unfinished === '' ? this.#lines : [...this.#lines, this.#unfinished];
  }

  /**
   * Why a container ended badly, in its own words: the newest structured line of severity ERROR, else the last line.
   * Platforms read JSON lines with `severity` and `message` (https://cloud.google.com/logging/docs/structured-logging).
   */
  lastWords(): string {
    const lines = this.lines();
    return lines.map(errorOf).findLast((said) => said !== undefined) ?? lines.at(-1) ?? '';
  }
}

/** One line of a service's log, as the vendor's log service would keep it. */
export interface Said {
  readonly atMs: number;
  readonly from: 'platform' | 'container';
  readonly text: string;
}

/** What a service's platform and all its containers said, the dead ones too, by when it was heard. */
export class LogBook {
  #said: Said[] = [];

  add(from: Said['from'], text: string): void {
    this.#said.push({ atMs: Date.now(), from, text });
    if (this.#said.length > mostSaid) this.#said = this.#said.slice(-mostSaid);
  }

  between(fromMs: number, toMs: number): readonly Said[] {
    return this.#said.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }
}

function errorOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry: { severity?: unknown; message?: unknown; reason?: unknown } = JSON.parse(line);
    if (entry.severity !== 'ERROR') return undefined;
    return entry.reason === undefined ? String(entry.message) : `${entry.message}: ${entry.reason}`;
  } catch {
    return undefined;
  }
}
