// A long child process that never runs in silence, and ends: by itself, at its limit, or when the person has had enough.
import { spawn } from 'node:child_process';
import type { Environment } from './engine-command.ts';

export interface LongRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory?: string;
  readonly environment: Environment;
  readonly input?: string;
  readonly limitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked every few seconds, and when it ends. */
  readonly report: (seconds: number, lines: readonly string[]) => void;
}

const reportEverySeconds = 5;

/** @throws Error with the last line it printed. */
export async function runWithProgress(run: LongRun): Promise<void> {
  const started = Date.now();
  const lines: string[] = [];
  const limit = AbortSignal.timeout(run.limitSeconds * 1000);
  const signal = run.signal === undefined ? limit : AbortSignal.any([run.signal, limit]);
  const child = spawn(run.command, run.args, { cwd: run.directory, env: { ...run.environment }, signal });
  const timer = setInterval(report, reportEverySeconds * 1000);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  }
  // The child may end without having read everything: that is no error of ours.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  report();
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) throw new Error(lines.at(-1) ?? `${run.command} ended with code ${code}`);
  } catch (error) {
    if (limit.aborted) throw new Error(`${run.command} took longer than ${run.limitSeconds} s`, { cause: error });
    throw error;
  } finally {
    clearInterval(timer);
  }

  function report(): void {
    run.report(Math.round((Date.now() - started) / 1000), lines);
  }
}
