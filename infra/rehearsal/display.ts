// Shows which step runs and for how long: one living line on a terminal, plain lines everywhere else.
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Outcome } from '../contract/verification.ts';

export interface Display {
  /** A heading between steps. */
  chapter(title: string): void;
  begin(step: string): void;
  say(message: string): void;
  end(outcome: Outcome, seconds: number, reason?: string): void;
  /** Something worth reading that stays, such as a promotion's changes. */
  note(text: string): void;
  /** Makes room for a question on the terminal, and takes the line back afterwards. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly colour: boolean;
}

const heartbeatSeconds = 10;

export function createDisplay(screen: Screen, now: () => number): Display {
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    screen.colour ? styleText(format, text, { validateStream: false }) : text;
  let step: { name: string; started: number; message: string; spoken: number } | undefined;
  let paused = false;
  const elapsed = () => (step === undefined ? '' : `${((now() - step.started) / 1000).toFixed(0)} s`);

  const clear = () => screen.isTTY && screen.write('\r\u001b[2K');
  const draw = () => {
    if (!screen.isTTY || step === undefined || paused) return;
    const line = `  … ${step.name} ${elapsed()}${step.message === '' ? '' : `  ${step.message}`}`;
    screen.write(`\r\u001b[2K${line.slice(0, Math.max(20, screen.columns - 1))}`);
  };
  const beat = () => {
    if (screen.isTTY) return draw();
    if (step === undefined || paused || now() - step.spoken < heartbeatSeconds * 1000) return;
    step.spoken = now();
    screen.write(`  … ${step.name} ${elapsed()}${step.message === '' ? '' : `: ${step.message}`}\n`);
  };
  const timer = setInterval(beat, screen.isTTY ? 200 : 1000);
  timer.unref();

  const keep = (text: string) => {
    clear();
    screen.write(`${screen.isTTY ? folded(text, screen.columns) : text}\n`);
    draw();
  };
  const marks: Record<Outcome, string> = {
    passed: paint('green', 'passed '),
    failed: paint('red', 'failed '),
    errored: paint('yellow', 'errored'),
  };

  return {
    chapter: (title) => keep(`\n${paint('bold', title)}`),
    begin(name) {
      step = { name, started: now(), message: '', spoken: now() };
      draw();
    },
    say(message) {
      if (step !== undefined) step.message = message.split('\n')[0] ?? '';
      draw();
    },
    end(outcome, seconds, reason) {
      const name = step?.name ?? '';
      step = undefined;
      keep(
        `  ${marks[outcome]} ${seconds.toFixed(1).padStart(5)} s  ${name}${reason === undefined ? '' : `\n            ${reason}`}`,
      );
    },
    note: (text) => keep(text.replace(/^/gm, '    ')),
    pause() {
      paused = true;
      clear();
    },
    resume() {
      paused = false;
    },
    close() {
      clearInterval(timer);
      clear();
    },
  };
}

/** Lines broken between words, each going on below the last column that begins in its left half. */
export function folded(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => foldedLine(line, columns))
    .join('\n');
}

function foldedLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= columns) return line;
  const starts = [...plain.matchAll(/(?:^| {2,})(?=\S)|^ +/g)].map((gap) => gap.index + gap[0].length);
  const indent = ' '.repeat(starts.findLast((start) => start <= columns / 2) ?? 0);
  const lines: string[] = [];
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && stripVTControlCharacters(longer).length <= columns) lines[lines.length - 1] = longer;
    else lines.push(last === undefined ? word : `${indent}${word}`);
  }
  return lines.join('\n');
}
