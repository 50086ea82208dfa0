// Who holds a stack: the engine's own lock files, and whether the process that wrote one is still there.
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

export interface Lock {
  /** As the engine names it: `file:///…/.pulumi/locks/…/<id>.json`, or a bucket's URL. */
  readonly url: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** When it was taken, RFC 3339. */
  readonly since: string;
}

/** Every lock in `the stack is currently locked by 1 lock(s)…`: https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go */
export function parseLocks(text: string): Lock[] {
  return [...text.matchAll(/^\s*(\S+): created by (.+)@(\S+) \(pid (\d+)\) at (\S+)\s*$/gm)].map(
    ([, url = '', user = '', host = '', pid = '', since = '']) => ({ url, user, host, pid: Number(pid), since }),
  );
}

const lockFile = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

/** The locks that the files in a folder hold: https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go. Others are passed over. */
export async function readLocks(folder: string): Promise<readonly Lock[]> {
  const files = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const read = await Promise.all(
    files.map(async (path) => {
      const text = await readFile(path, 'utf8').catch(() => '');
      const parsed = lockFile.safeParse(parsedJson(text));
      if (!parsed.success) return [];
      const { username, hostname, pid, timestamp } = parsed.data;
      return [{ url: pathToFileURL(path).href, user: username, host: hostname, pid, since: timestamp }];
    }),
  );
  return read.flat();
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function describeLock(lock: Lock): string {
  return `${lock.user}@${lock.host} (process ${lock.pid}) since ${lock.since}`;
}

/** `undefined`: nobody can tell from here, and a lock that might be held is held. */
export type Owner = 'alive' | 'gone' | undefined;

/** What this machine says about a process: the name of its program; `null` when there is no such process; `undefined` when it can't tell. */
export type ProcessLookup = (pid: number) => Promise<string | null | undefined>;

export async function ownerOf(
  lock: Lock,
  here: { readonly host: string; readonly user: string },
  lookUp: ProcessLookup,
): Promise<Owner> {
  if (lock.host !== here.host || lock.user !== here.user) return undefined;
  const program = await lookUp(lock.pid);
  if (program === undefined) return undefined;
  // Process numbers are used again: another program under that number did not write the lock.
  return program !== null && basename(program).startsWith('pulumi') ? 'alive' : 'gone';
}

export function thisMachine(): { host: string; user: string } {
  return { host: hostname(), user: userInfo().username };
}

export const programOf: ProcessLookup = async (pid) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ESRCH' ? null : undefined;
  }
  try {
    if (process.platform === 'linux') {
      // A killed child that nobody has waited for keeps its number; it does nothing any more.
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return /^State:\s+Z/m.test(status) ? null : (/^Name:\s+(.+)$/m.exec(status)?.[1] ?? undefined);
    }
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']);
    return stdout.trim() || null;
  } catch {
    return undefined;
  }
};

/**
 * Removes that one lock, not whichever is there now, as `pulumi cancel` would: two runs that both find a dead owner can't break each other's.
 * @returns false when it is in a bucket, where this machine's view of processes says nothing.
 */
export async function removeLock(lock: Lock): Promise<boolean> {
  if (!lock.url.startsWith('file:///')) return false;
  await rm(fileURLToPath(lock.url), { force: true });
  return true;
}

/** A lock is written in an instant; one that stays empty was cut short by a full disk or a power cut. */
const emptyLockSeconds = 2;

/** @returns whether there was one. */
export async function removeEmptyLocks(folder: string, now: number): Promise<boolean> {
  const files = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const found = await Promise.all(files.map((path) => stat(path).then((file) => ({ path, file }))));
  const empty = found.filter(({ file }) => file.size === 0 && now - file.mtimeMs > emptyLockSeconds * 1000);
  await Promise.all(empty.map(({ path }) => rm(path, { force: true })));
  return empty.length > 0;
}
