import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { emulatedLedger } from '../../cli/environment.ts';
import { openLedger } from '../../ledger/git.ts';
import { startPageServer } from '../../rehearsal/page-server.ts';
import { releaseFact, releaseOf } from '../ledger/sample-facts.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
let checkout: string;
let clouds: ChildProcess;

/** A checkout with an empty ledger, and a process that stands for the emulated clouds. */
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'page-server-'));
  clouds = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await cp(join(repository, 'stacks'), join(checkout, 'stacks'), { recursive: true });
  await cp(join(repository, 'policy.yaml'), join(checkout, 'policy.yaml'));
  await mkdir(join(checkout, '.trireme', 'emulator'), { recursive: true });
  await writeFile(
    join(checkout, '.trireme', 'emulator', 'emulator.env'),
    `export TRIREME_EMULATOR_PID=${clouds.pid}\n`,
  );
});
afterEach(async () => {
  clouds.kill();
  await rm(checkout, { recursive: true, force: true });
});

it('tells what the ledger holds when it is asked, and ends with the emulated clouds', async () => {
  const url = await startPageServer(checkout, { PATH: process.env.PATH, HOME: process.env.HOME });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const read = async () => (await fetch(url ?? '')).text();
  expect(await read()).toContain('No release was made yet.');
  const ledger = await openLedger({
    repository: emulatedLedger(join(checkout, '.trireme')),
    cache: join(checkout, 'cache'),
  });
  await ledger.append(() => [releaseFact(1)]);
  expect(await read()).toContain(releaseOf(1));
  clouds.kill();
  await expect.poll(() => answers(url ?? '')).toBe(false);
});

it('does not start without them, and says so', async () => {
  clouds.kill();
  await rm(join(checkout, 'policy.yaml'));
  expect(await startPageServer(checkout, { PATH: process.env.PATH })).toBeUndefined();
});

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
