// Which processes run for this emulator, on disk: the next start ends what a killed one left behind.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One small file per process, named by its id; it holds when the process started, since ids are used again by others. */
export class ProcessRecord {
  readonly #directory: string;
  readonly #running = new Set<number>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  async add(pid: number): Promise<void> {
    this.#running.add(pid);
    const started = await startOf(pid);
    if (started !== undefined && this.#running.has(pid)) await writeFile(this.#file(pid), started);
  }

  async remove(pid: number): Promise<void> {
    this.#running.delete(pid);
    await rm(this.#file(pid), { force: true });
  }

  /** Kills what a predecessor left. @returns the ids of what it killed. */
  async endLeftovers(): Promise<readonly number[]> {
    const ended: number[] = [];
    for (const name of await readdir(this.#directory)) {
      const pid = Number(name);
      if (await isSameProcess(pid, await readFile(this.#file(pid), 'utf8'))) {
        process.kill(pid, 'SIGKILL');
        ended.push(pid);
      }
      await rm(this.#file(pid), { force: true });
    }
    return ended;
  }

  #file(pid: number): string {
    return join(this.#directory, String(pid));
  }
}

export async function isSameProcess(pid: number, started: string): Promise<boolean> {
  return started !== '' && (await startOf(pid)) === started;
}

/** When a process started, in the system's own words; `undefined` when there is none. `/proc` where there is one; macOS has only `ps`. */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses and may hold blanks; the start time is field 22.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    return (await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)])).stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
