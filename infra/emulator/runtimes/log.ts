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

  /** The last lines in one, for a reason. */
  tail(count: number): string {
    return this.lines().slice(-count).join(' | ');
  }
}
