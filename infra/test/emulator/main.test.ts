import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmulatorMessage } from '../../emulator/main.ts';
import { push, putSite } from './fixture-image.ts';

const main = fileURLToPath(new URL('../../emulator/main.ts', import.meta.url));
let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-emulator-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await ended(child);
    }
  }
  await rm(directory, { recursive: true, force: true });
});

function start(...args: string[]): { child: ChildProcess; message: Promise<EmulatorMessage> } {
  const child = fork(main, [directory, '--time-scale', '200', ...args], { stdio: 'inherit' });
  children.push(child);
  return { child, message: new Promise((resolve) => child.once('message', resolve)) };
}

async function started(...args: string[]) {
  const { child, message } = start(...args);
  const said = await message;
  if (said.kind !== 'started') throw new Error(said.message);
  return { child, url: said.url, environment: said.environment };
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}

const answering = (url: string, expected: string) =>
  expect.poll(() => fetch(url).then((answer) => answer.text()), { interval: 50 }).toBe(expected);

interface Status {
  readonly services: readonly { readonly log: string[]; readonly instances: readonly { readonly pid: number }[] }[];
}
const status = async (url: string): Promise<Status> => (await (await fetch(`${url}/status`)).json()) as Status;

async function runningSite(emulated: { url: string; environment: Readonly<Record<string, string>> }, build = 'one') {
  const site = await putSite(emulated.environment, await push(emulated.environment, build));
  await answering(site, build);
  const pids = (await status(emulated.url)).services.flatMap(({ instances }) => instances.map(({ pid }) => pid));
  expect(pids).toHaveLength(1);
  return { site, pids };
}

const gone = (pids: readonly number[]) =>
  expect
    .poll(() =>
      pids.filter((pid) => {
        try {
          return process.kill(pid, 0);
        } catch {
          return false;
        }
      }),
    )
    .toEqual([]);

describe('the emulated clouds as a process', () => {
  it('run an image that was pushed to a registry and pulled from it, and end with all they started', async () => {
    const emulated = await started();
    const { pids } = await runningSite(emulated);
    const file = await readFile(join(directory, 'emulator.env'), 'utf8');
    for (const [name, value] of Object.entries(emulated.environment)) {
      expect(file).toContain(`export ${name}='${value}'\n`);
    }
    expect(JSON.parse(await readFile(join(directory, 'emulator.json'), 'utf8'))).toMatchObject({
      pid: emulated.child.pid,
      url: emulated.url,
    });
    emulated.child.kill('SIGTERM');
    expect(await ended(emulated.child)).toBe(0);
    await gone(pids);
    expect((await readdir(directory)).filter((name) => name.startsWith('emulator.'))).toEqual([]);
  });

  it('end when their parent is gone', async () => {
    const emulated = await started();
    const { pids } = await runningSite(emulated);
    emulated.child.disconnect();
    await ended(emulated.child);
    await gone(pids);
  });

  it('stay without a parent when told to, leave Ctrl-C to others, and end when asked', async () => {
    const emulated = await started('--stay');
    emulated.child.disconnect();
    emulated.child.kill('SIGINT');
    const { pids } = await runningSite(emulated);
    expect((await fetch(`${emulated.url}/stop`, { method: 'POST', headers: { origin: 'http://x' } })).status).toBe(403);
    expect((await fetch(`${emulated.url}/stop`, { method: 'POST' })).status).toBe(202);
    expect(await ended(emulated.child)).toBe(0);
    await gone(pids);
  });

  it('leave no instance behind when they are killed, and start again in the same place', async () => {
    const emulated = await started();
    const { pids } = await runningSite(emulated);
    emulated.child.kill('SIGKILL');
    await ended(emulated.child);
    await gone(pids);
    const again = await started();
    await runningSite(again, 'two');
  });

  it('refuse to run twice on one directory', async () => {
    await started();
    const second = start();
    expect(await second.message).toMatchObject({
      kind: 'failed',
      code: 'refused',
      hint: expect.stringContaining('down'),
    });
    expect(await ended(second.child)).toBe(1);
  });

  it('refuse a time scale or a fault that is none', async () => {
    expect(await start('--time-scale', '0').message).toMatchObject({ kind: 'failed', code: 'usage' });
    expect(await start('--faults', '{"drian":"off"}').message).toMatchObject({ kind: 'failed' });
  });

  it('run the old bytes under the new name when told to, and never a layer that was altered', async () => {
    const emulated = await started('--faults', '{"staleImage":["azure"]}');
    const { site } = await runningSite(emulated);
    const fault = (body: unknown) => fetch(`${emulated.url}/faults`, { method: 'POST', body: JSON.stringify(body) });
    await putSite(emulated.environment, await push(emulated.environment, 'two'));
    await expect
      .poll(async () => (await status(emulated.url)).services[0]?.log.join('\n').match(/initialized/g)?.length)
      .toBe(2);
    expect(await (await fetch(site)).text()).toBe('one');
    expect((await fault({ staleImage: [], alterLayer: ['azure'] })).status).toBe(200);
    await putSite(emulated.environment, await push(emulated.environment, 'three'));
    await expect
      .poll(async () => (await status(emulated.url)).services[0]?.log.join('\n'))
      .toMatch(/Image pull failed.*expected sha256:/s);
    expect((await fetch(site)).status).toBe(503);
    expect((await fault({ drain: 'sometimes' })).status).toBe(400);
  });
});
