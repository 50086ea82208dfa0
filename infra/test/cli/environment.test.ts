import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEnvironment, refuseLeftovers } from '../../cli/environment.ts';

let checkout: string;
let said: string[];
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'environment-'));
  said = [];
});
afterEach(() => rm(checkout, { recursive: true }));

const read = (shell: Record<string, string>) => readEnvironment((line) => said.push(line), shell, checkout);

async function leaveEmulatorFile(pid: number) {
  await mkdir(join(checkout, '.trireme', 'emulator'), { recursive: true });
  const lines = [
    `export TRIREME_EMULATOR_PID='${pid}'`,
    `export TRIREME_EMULATOR_SINCE='2026-11-21T10:00:00.000Z'`,
    `export TRIREME_TIME_SCALE='30'`,
    `export AWS_ACCESS_KEY_ID='emulated'`,
  ];
  await writeFile(join(checkout, '.trireme', 'emulator', 'emulator.env'), `${lines.join('\n')}\n`);
}

test('without emulated clouds the real ones are meant, silently, with the shell as it is', async () => {
  const found = await read({ PATH: '/bin', AWS_PROFILE: 'team' });
  expect(found).toMatchObject({
    emulated: undefined,
    variables: { AWS_PROFILE: 'team' },
    ledger: join(checkout, '.trireme/ledger.git'),
  });
  expect(said).toEqual([]);
});

test('while they are up the emulated clouds are meant, that is said, and no credential of the shell is passed on', async () => {
  await leaveEmulatorFile(process.pid);
  const found = await read({
    PATH: '/bin',
    AWS_PROFILE: 'team',
    AWS_ACCESS_KEY_ID: 'real',
    TRIREME_LEDGER: 'git@example.test:ledger.git',
  });
  expect(found.ledger).toBe(join(checkout, '.trireme/emulated-ledger.git'));
  expect(found.emulated).toEqual({ since: '2026-11-21T10:00:00.000Z', timeScale: 30 });
  expect(found.variables).toMatchObject({ PATH: '/bin', AWS_ACCESS_KEY_ID: 'emulated' });
  expect(found.variables.AWS_PROFILE).toBeUndefined();
  expect(said).toEqual(['clouds: emulated (since 2026-11-21T10:00:00.000Z, their waiting 30 times shorter)']);
});

test('emulated clouds that were killed are not taken for running ones', async () => {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  await leaveEmulatorFile(child.pid ?? 0);
  expect((await read({})).emulated).toBeUndefined();
  expect(said).toEqual([expect.stringContaining('clouds: real')]);
});

test('a shell that is still set to emulated clouds that are gone reaches no real ones', async () => {
  const leftover = await read({ TRIREME_EMULATOR: 'http://127.0.0.1:1' });
  expect(() => refuseLeftovers(leftover)).toThrow('emulated clouds that do not run any more');
  await leaveEmulatorFile(process.pid);
  refuseLeftovers(await read({ TRIREME_EMULATOR: 'http://127.0.0.1:1' }));
});

test('an empty passphrase, as an unset secret of GitHub arrives, is none', async () => {
  expect((await read({ PULUMI_CONFIG_PASSPHRASE: '' })).variables.PULUMI_CONFIG_PASSPHRASE).toBeUndefined();
  expect((await read({ PULUMI_CONFIG_PASSPHRASE: 'long' })).variables.PULUMI_CONFIG_PASSPHRASE).toBe('long');
});

test('the shell may name the ledger and who acts; a GitHub Actions run is known by all of its four variables', async () => {
  const actions = {
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '7',
    GITHUB_TOKEN: 't',
    GITHUB_ACTOR: 'dana',
  };
  const found = await read({ ...actions, TRIREME_LEDGER: 'git@example.test:ledger.git' });
  expect(found).toMatchObject({
    ledger: 'git@example.test:ledger.git',
    login: 'dana',
    actions: { repository: 'o/r', runId: '7' },
  });
  expect((await read({ ...actions, TRIREME_ACTOR: 'somebody' })).login).toBe('dana');
  expect((await read({ TRIREME_ACTOR: 'somebody' })).login).toBe('somebody');
  expect((await read({ ...actions, GITHUB_TOKEN: '' })).actions).toBeUndefined();
});
