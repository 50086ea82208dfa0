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
export function runApplication(
  environment: CliEnvironment,
  verb: 'train' | 'ensure',
  report: Report,
  signal?: AbortSignal,
): Promise<ApplicationEnded> {
  const { checkout, stateDirectory } = environment;
  const places = ['--store', join(stateDirectory, 'models'), '--lock', join(checkout, 'model.lock.json')];
  return run(environment, [verb, '--json', ...places], report, signal);
}

/** Runs `model compare --json` on two folders of model artifacts, with this checkout's problem file. */
export function runComparison(
  environment: CliEnvironment,
  { running, candidate }: { readonly running: string; readonly candidate: string },
  report: Report,
  signal?: AbortSignal,
): Promise<ApplicationEnded> {
  const models = ['--running', running, '--candidate', candidate];
  return run(environment, ['model', 'compare', '--json', ...models], report, signal);
}

async function run(
  { checkout, shell }: CliEnvironment,
  words: readonly string[],
  report: Report,
  signal?: AbortSignal,
): Promise<ApplicationEnded> {
  const program = join(checkout, 'app', 'cli', 'main.ts');
  const child = spawn(process.execPath, [program, ...words], {
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
