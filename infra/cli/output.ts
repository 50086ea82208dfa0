// Data on stdout, talk on stderr, colour where a terminal wants it, and elapsed time while something runs.
import { styleText } from 'node:util';
import type { Report } from '../contract/ports.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Output {
  /** For the next program: stdout. */
  data(text: string): void;
  /** For the person watching: stderr. */
  talk(text: string, style?: Style): void;
  /** A cell of a table on stdout. */
  paint(text: string, style: Style): string;
  /** A line per event, and one every ten seconds while nothing is said. */
  readonly report: Report;
  stop(): void;
}

const stillRunningAfterMs = 10_000;

export function createOutput(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream } = process,
): Output {
  const startedMs = Date.now();
  const open = new Map<string, { message: string; saidMs: number }>();
  const elapsed = () => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`.padStart(8);
  // `styleText` itself heeds NO_COLOR, TERM=dumb and whether the stream is a terminal.
  const talk = (text: string, style?: Style) =>
    streams.stderr.write(`${style === undefined ? text : styleText(style, text, { stream: streams.stderr })}\n`);
  const paint = (text: string, style: Style) => styleText(style, text, { stream: streams.stdout });
  const heartbeat = setInterval(() => {
    const now = Date.now();
    for (const [stack, last] of open) {
      if (now - last.saidMs < stillRunningAfterMs) continue;
      last.saidMs = now;
      talk(`${elapsed()}  ${stack}  still ${last.message}`, 'dim');
    }
  }, 1_000);
  heartbeat.unref();
  return {
    data: (text) => void streams.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    talk,
    paint,
    report: ({ stack = '', message }) => {
      const ended = /^(healthy|failed|reverted|revert-failed|skipped|unknown|passed|errored|done)\b/.test(message);
      if (stack === '' || ended) open.delete(stack);
      else open.set(stack, { message, saidMs: Date.now() });
      talk(`${elapsed()}  ${stack === '' ? '' : `${stack}  `}${message}`);
    },
    stop: () => clearInterval(heartbeat),
  };
}

/** Columns as wide as their widest cell; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
