// The application's own command line, run as a process: infra knows no TensorFlow, and the two meet at words, JSON and exit codes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Report } from '../contract/ports.ts';
import type { CliEnvironment } from './environment.ts';

export interface ApplicationEnded {
  readonly code: number | null;
  /** What it printed for programs. */
  readonly printed: string;
  /** The last line it said to people: why, when it did not end well. */
  readonly last: string;
}

/** Runs `train` or `ensure` with `--json` on this checkout's lock and model store; every line it says is reported. */
export async function runApplication(
  { checkout, stateDirectory, shell }: CliEnvironment,
  verb: 'train' | 'ensure',
  report: Report,
  signal?: AbortSignal,
): Promise<ApplicationEnded> {
  const program = join(checkout, 'app', 'cli', 'main.ts');
  const places = ['--store', join(stateDirectory, 'models'), '--lock', join(checkout, 'model.lock.json')];
  const child = spawn(process.execPath, [program, verb, '--json', ...places], {
    cwd: checkout,
    env: shell,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let printed = '';
  let last = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    last = lines.at(-1) ?? last;
    for (const message of lines) report({ message });
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, printed, last };
}
