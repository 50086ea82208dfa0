// Kills the engines that a process has started, in the very turn in which a test has seen where they are: nothing is started for it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** @param mentioning part of the command line of those that are meant, such as a stack's name. */
export function killEngines(parent: number | undefined, mentioning = 'pulumi'): void {
  for (const pid of childrenOf(parent)) {
    if (!commandOf(pid).includes(mentioning)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It ended by itself meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function childrenOf(parent: number | undefined): number[] {
  const file = `/proc/${parent}/task/${parent}/children`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : execFileSync('pgrep', ['-P', String(parent)]).toString();
  return text.split(/\s+/).filter(Boolean).map(Number);
}

function commandOf(pid: number): string {
  try {
    return existsSync('/proc/self')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)]).toString();
  } catch {
    return '';
  }
}
