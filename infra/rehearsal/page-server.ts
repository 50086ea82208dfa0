// The release page of a rehearsal that was kept: a process of its own on this machine, gone within seconds of the emulated clouds.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readEnvironment, type Variables } from '../cli/environment.ts';
import { pageInput } from '../cli/release-page.ts';
import { readWiredStacks, wireLedger } from '../cli/wiring.ts';
import type { Fact } from '../contract/fact.ts';
import { servePage } from '../page/serve.ts';

const program = fileURLToPath(import.meta.url);
const startLimitMs = 30_000;
const lookEveryMs = 1_000;

/** @returns where it is served; `undefined` when it did not start: a rehearsal does not fail for it. */
export async function startPageServer(checkout: string, variables: Variables): Promise<string | undefined> {
  const child = fork(program, [checkout], {
    env: { ...variables },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Ctrl-C on the terminal is not meant for it: the emulated clouds it tells of go on as well.
    detached: true,
  });
  const url = await firstMessage(child);
  if (url === undefined) child.kill();
  if (child.connected) child.disconnect();
  child.unref();
  return url;
}

function firstMessage(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(undefined), startLimitMs);
    const end = (url: string | undefined) => {
      clearTimeout(limit);
      resolve(url);
    };
    child.once('message', (message) => end(typeof message === 'string' ? message : undefined));
    child.once('exit', () => end(undefined));
    child.once('error', () => end(undefined));
  });
}

async function serve(checkout: string): Promise<void> {
  const environment = await readEnvironment(() => {}, undefined, checkout);
  const [office, files] = await Promise.all([wireLedger(environment), readWiredStacks(environment)]);
  const source = {
    facts: () => office.ledger.facts(),
    input: (facts: readonly Fact[]) => pageInput(environment, office, files.stacks, facts),
  };
  const server = await servePage(source, 0, () => office.clock.now());
  process.send?.(server.url);
  setInterval(async () => {
    const now = await readEnvironment(() => {}, undefined, checkout).catch(() => undefined);
    if (now?.emulated === undefined) process.exit(0);
  }, lookEveryMs);
}

if (process.argv[1] === program) await serve(process.argv[2] ?? '.');
