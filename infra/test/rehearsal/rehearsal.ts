// Runs `trireme rehearse` as a person would, in a checkout that has the stack files of some clouds only.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defaultTimeScale } from '../../cli/emulated-clouds.ts';
import type { Cloud } from '../../contract/stack.ts';
import { createCheckout } from '../../rehearsal/checkout.ts';
import type { RehearsalReport } from '../../rehearsal/report.ts';
import { shareBriefly } from '../../rehearsal/watch.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** A copy of this project, committed, with a `.trireme` of its own. */
export async function copyProject(clouds: readonly Cloud[]): Promise<string> {
  const root = path.join(await mkdtemp(path.join(tmpdir(), 'trireme-copy-')), 'project');
  const checkout = await createCheckout(project, root, process.env.PATH ?? '');
  for (const file of await readdir(path.join(root, 'stacks'))) {
    if (!clouds.some((cloud) => file.startsWith(`Pulumi.${cloud}-`))) await rm(path.join(root, 'stacks', file));
  }
  // Five minutes are twelve seconds at the usual time scale, for each promotion of each test.
  await shareBriefly(checkout, defaultTimeScale);
  await checkout.commit('the clouds of this team');
  return root;
}

export async function removeProject(root: string): Promise<void> {
  await rm(path.dirname(root), { recursive: true, force: true, maxRetries: 5 });
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when that text was printed; rejects when the command ends first. */
  seen(text: string): Promise<void>;
}

export function startTrireme(root: string, ...words: readonly string[]): Running {
  return startTriremeWith(process.env, root, ...words);
}

/** @param variables its whole environment. */
export function startTriremeWith(variables: NodeJS.ProcessEnv, root: string, ...words: readonly string[]): Running {
  const child = spawn(process.execPath, [path.join(root, 'bin', 'trireme.mjs'), ...words], {
    cwd: root,
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const watch of watchers) watch();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const seen = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const watch = () => {
        if (!stderr.includes(text)) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
      void ended.then(() => reject(new Error(`ended before it printed ${text}:\n${stderr}`)));
    });
  return { child, ended, seen };
}

export async function rehearse(
  root: string,
  ...words: readonly string[]
): Promise<Ended & { readonly report: RehearsalReport }> {
  const file = path.join(path.dirname(root), 'report.json');
  const ended = await startTrireme(root, 'rehearse', '--approve-as', 'rita', '--json', file, ...words).ended;
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`no report:\n${ended.stderr}`);
  });
  return { ...ended, report: JSON.parse(text) };
}

/** Command lines of processes that work in that folder. */
export async function processesIn(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${entry}/${name}`, 'utf8').catch(() => '')),
    );
    if (command?.includes(root) || environment?.includes(root)) found.push(command?.replaceAll('\0', ' ') ?? '');
  }
  return found;
}

export async function eventuallyNoProcess(root: string): Promise<string[]> {
  return eventuallyNone(() => processesIn(root));
}

/** @returns what is still there after a time in which even a busy machine ends what was told to end. */
export async function eventuallyNone(find: () => Promise<string[]>): Promise<string[]> {
  let left = await find();
  for (let tries = 0; tries < 500 && left.length > 0; tries++) {
    await sleep(250);
    left = await find();
  }
  return left;
}
