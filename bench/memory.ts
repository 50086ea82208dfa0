// How much memory a process and everything it started hold (Linux): now, each shared page counted once, and at most so far.
import { readdir, readFile } from 'node:fs/promises';

/** Proportional set size, in bytes; `undefined` where `/proc` does not tell. Processes that end while they are looked at count as nothing. */
export async function proportionalSetSize(root: number): Promise<number | undefined> {
  const members = await family(root);
  if (members.size === 0) return undefined;
  const sizes = await Promise.all([...members].map(ownBytes));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The most resident memory each ever had, together: shared pages count for everybody, as they do for the limit of a container with one process.
 * In bytes; `undefined` where `/proc` does not tell. VmHWM: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export async function peakResident(root: number): Promise<number | undefined> {
  const members = await family(root);
  if (members.size === 0) return undefined;
  const texts = await Promise.all([...members].map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  return texts.reduce((sum, text) => sum + 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0), 0);
}

async function parentOfEach(): Promise<Map<number, number>> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  return parents;
}

/** A process and all that it started, by id; none where `/proc` does not tell. */
export async function family(root: number): Promise<ReadonlySet<number>> {
  const parents = await parentOfEach();
  if (parents.size === 0) return new Set();
  const members = new Set([root]);
  for (let grown = true; grown; ) {
    const before = members.size;
    for (const [pid, parent] of parents) if (members.has(parent)) members.add(pid);
    grown = members.size > before;
  }
  return members;
}

async function ownBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
}
