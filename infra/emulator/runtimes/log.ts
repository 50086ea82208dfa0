// The newest lines of what a container or a platform said, and no more: an emulator that runs for days must not grow.
const mostLines = 400;
const longestLine = 2_000;

export class BoundedLog {
  #lines: string[] = [];
  #unfinished = '';

  append(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = (lines.pop() ?? '').slice(0, longestLine);
    this.#lines.push(...lines.slice(-mostLines).map((line) => line.slice(0, longestLine)));
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
