// One git process: arguments and input in, bytes out, and the machine's own troubles told apart from git's answers.
import { spawn } from 'node:child_process';
import { DeliveryError } from '../contract/errors.ts';

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Longer than this git never takes over a ledger; what hangs is ended, and was not told. */
const longestMs = 5 * 60_000;

/**
 * Runs git through `env`, so that messages are in English, nothing waits for a password, and a git hook that called us does not
 * choose the repository. It is in a process group of its own: Ctrl-C in the terminal is for us to answer, who may have something to
 * write down yet. It ends with us, or after five minutes, or when a server sends nothing for one. An exit code other than 0 is an answer, not an error: the caller knows what it means.
 * @throws DeliveryError `git-missing`, or `state-unwritable` when the disk is full or refuses.
 */
export async function runGit(args: readonly string[], input?: string | Buffer): Promise<GitResult> {
  const result = await start('env', [...environment, 'git', ...quietly, ...args], input);
  if (result.code === 127) {
    throw new DeliveryError('git-missing', 'expected the `git` command; found none on PATH', {
      hint: 'install git: https://git-scm.com/downloads',
    });
  }
  if (result.code !== 0 && refusedByDisk.test(result.stderr)) {
    const why = result.stderr.split('\n').find((line) => refusedByDisk.test(line));
    throw new DeliveryError('state-unwritable', `expected git to write; found: ${why?.trim()}`, {
      hint: 'free some space, or give this user the right to write there, and run the command again',
    });
  }
  return result;
}

/** The output of a git command that has no reason to fail. @throws DeliveryError `errored` when it does. */
export async function git(args: readonly string[], input?: string | Buffer): Promise<Buffer> {
  const result = await runGit(args, input);
  if (result.code !== 0) {
    throw new DeliveryError('errored', `git ${args.join(' ')}: ${reasonLine(result.stderr)} (exit ${result.code})`);
  }
  return result.stdout;
}

/** What git calls fatal, without the advice that it prints after it. */
export function reasonLine(text: string): string {
  return (
    text.split('\n').find((line) => /^(remote: )?(fatal|error): /.test(line)) ?? text.trim().split('\n').at(-1) ?? ''
  );
}

const environment = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY'].flatMap((name) => ['-u', name]),
  'LC_ALL=C',
  'GIT_TERMINAL_PROMPT=0',
];
const quietly = [
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.detachedHead=false',
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=60',
].flatMap((setting) => ['-c', setting]);
const refusedByDisk =
  /No space left|Out of diskspace|Permission denied(?! \()|Read-only file system|insufficient permission|Disk quota|Not a directory/i;

function start(command: string, args: readonly string[], input?: string | Buffer): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const tooLong = setTimeout(() => endGroup(child.pid), longestMs);
    if (running.size === 0) process.on('exit', endAll);
    running.add(child.pid);
    const ended = () => {
      clearTimeout(tooLong);
      running.delete(child.pid);
      if (running.size === 0) process.off('exit', endAll);
    };
    child.once('close', ended);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A process that ends early leaves its input unread; its exit code says why.
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      ended();
      reject(error);
    });
    child.on('close', (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
    child.stdin.end(input);
  });
}

const running = new Set<number | undefined>();

function endAll(): void {
  for (const pid of running) endGroup(pid);
}

/** git and what it started: a transport, a credential helper. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It ended in the meantime.
  }
}
