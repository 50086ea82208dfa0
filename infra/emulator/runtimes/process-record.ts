// Which processes run for this emulator, on disk: the next start ends what a killed one left behind.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One small file per process, named by its id; it holds when the process started, since ids are used again by others.
 * Written at once, without waiting: a process must never run unrecorded, nor be recorded when it and its folder are gone.
 */
export class ProcessRecord {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  add(pid: number): void {
    const started = startOf(pid);
    if (started !== undefined) writeFileSync(this.#file(pid), started);
  }

  remove(pid: number): void {
    rmSync(this.#file(pid), { force: true });
  }

  /** Kills what a predecessor left. @returns the ids of what it killed. */
  endLeftovers(): readonly number[] {
    const ended: number[] = [];
    for (const name of readdirSync(this.#directory)) {
      const pid = Number(name);
      if (isSameProcess(pid, readFileSync(this.#file(pid), 'utf8'))) {
        process.kill(pid, 'SIGKILL');
        ended.push(pid);
      }
      rmSync(this.#file(pid), { force: true });
    }
    return ended;
  }

  #file(pid: number): string {
    return join(this.#directory, String(pid));
  }
}

export function isSameProcess(pid: number, started: string): boolean {
  return started !== '' && startOf(pid) === started;
}

/** When a process started, in the system's own words; `undefined` when there is none. `/proc` where there is one; macOS has only `ps`. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses and may hold blanks; the start time is field 22.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
