// CPU time that processes have used so far, on Linux from /proc and elsewhere from `ps`.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Linux counts in hundredths of a second for everybody who asks: `man 5 proc_pid_stat`. */
const ticksPerSecond = 100;

/** @returns seconds by process id; a process that is gone is not there. */
export async function cpuSeconds(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (pids.length === 0) return new Map();
  const found = process.platform === 'linux' ? await fromProc(pids) : await fromPs(pids);
  return new Map(found);
}

async function fromProc(pids: readonly number[]): Promise<[number, number][]> {
  const read = await Promise.all(
    pids.map(async (pid): Promise<[number, number][]> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
      return stat === undefined ? [] : [[pid, secondsOfStat(stat)]];
    }),
  );
  return read.flat();
}

async function fromPs(pids: readonly number[]): Promise<[number, number][]> {
  const asked = promisify(execFile)('ps', ['-o', 'pid=,time=', '-p', pids.join(',')]);
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line): [number, number][] => {
    const [pid, time] = line.trim().split(/\s+/);
    return pid === undefined || time === undefined || pid === '' ? [] : [[Number(pid), secondsOfPs(time)]];
  });
}

/** The name of the program, in parentheses, may hold spaces and parentheses: fields are counted behind the last. */
export function secondsOfStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** `1:02.50` on macOS, `00:01:02` and `1-00:00:00` elsewhere. */
export function secondsOfPs(time: string): number {
  const [clock = '', days = '0'] = time.split('-').reverse();
  return Number(days) * 86_400 + clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
