// The emulated clouds as a process beside this one: started, watched until they answer, asked to stop.
import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { type CliEnvironment, emulatedLedger, ledgerCache } from './environment.ts';

/** Fast enough for a laptop, slow enough that a container on a busy one starts within the platforms' scaled limits. */
export const defaultTimeScale = 25;

export interface EmulatorSettings {
  readonly timeScale: number;
  readonly foreground: boolean;
}

export function emulatorDirectory({ stateDirectory }: Pick<CliEnvironment, 'stateDirectory'>): string {
  return join(stateDirectory, 'emulator');
}

/** `emulator.json`, as the emulator writes it once it answers. */
const emulatorRecord = z.object({ pid: z.int(), url: z.url() });
type RunningEmulator = z.infer<typeof emulatorRecord>;

/** Where they answer; `undefined` when they don't. */
export async function runningEmulator(directory: string): Promise<RunningEmulator | undefined> {
  const text = await readFile(join(directory, 'emulator.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { pid, url } = emulatorRecord.parse(JSON.parse(text));
  const status = await askEmulator(url, 'GET', '/status');
  return status?.pid === pid ? { pid, url } : undefined;
}

const emulatorStatus = z.looseObject({
  pid: z.int(),
  timeScale: z.number(),
  services: z.array(
    z.looseObject({ cloud: z.string(), name: z.string(), endpoint: z.string(), image: z.string().nullable() }),
  ),
});
export type EmulatorStatus = z.infer<typeof emulatorStatus>;

export async function askEmulator(
  url: string,
  method: 'GET' | 'POST',
  path: string,
): Promise<EmulatorStatus | undefined> {
  try {
    const response = await fetch(`${url}${path}`, { method, signal: AbortSignal.timeout(5_000) });
    return emulatorStatus.safeParse(await response.json()).data;
  } catch {
    return undefined;
  }
}

/** @returns where they answer, once they do. @throws DeliveryError with what their own log says last. */
export async function startDetached(
  environment: CliEnvironment,
  { timeScale }: EmulatorSettings,
  signal: AbortSignal,
): Promise<RunningEmulator> {
  const directory = emulatorDirectory(environment);
  const logPath = join(environment.stateDirectory, 'emulator.log');
  await forgetLedger(environment.stateDirectory);
  const log = await open(logPath, 'w');
  const child = spawn(process.execPath, programArguments(environment, timeScale), {
    cwd: environment.checkout,
    env: environment.shell,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const ended = Promise.withResolvers<string>();
  child.once('error', (error) => ended.resolve(error.message));
  child.once('exit', (code) => ended.resolve(`ended with ${code}`));
  try {
    for (;;) {
      const state = await Promise.race([ended.promise, sleep(100, undefined, { signal })]);
      if (state !== undefined) throw await failedStart(logPath, state);
      const running = await runningEmulator(directory);
      if (running?.pid === child.pid && running !== undefined) return running;
    }
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    child.unref();
  }
}

/** Emulated clouds begin empty: a ledger of earlier ones would tell of releases that run nowhere. */
async function forgetLedger(stateDirectory: string): Promise<void> {
  const ledger = emulatedLedger(stateDirectory);
  const left = [ledger, ledgerCache(stateDirectory, ledger)];
  await Promise.all(left.map((path) => rm(path, { recursive: true, force: true })));
}

/** Until Ctrl-C or `emulator down`; the child hears Ctrl-C itself. @returns its exit code. */
export async function runInForeground(
  environment: CliEnvironment,
  { timeScale }: EmulatorSettings,
  signal: AbortSignal,
) {
  const child = spawn(process.execPath, programArguments(environment, timeScale), {
    cwd: environment.checkout,
    env: environment.shell,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** @returns false when they did not run. Ends when they have ended. */
export async function stopEmulator(environment: CliEnvironment, signal: AbortSignal): Promise<boolean> {
  const directory = emulatorDirectory(environment);
  const running = await runningEmulator(directory);
  if (running === undefined) return false;
  await askEmulator(running.url, 'POST', '/stop');
  const deadline = Date.now() + stopLimitMs;
  while ((await runningEmulator(directory)) !== undefined) {
    if (Date.now() > deadline) {
      throw new DeliveryError(
        'errored',
        `the emulated clouds, process ${running.pid}, were asked to stop and still run`,
      );
    }
    await sleep(100, undefined, { signal });
  }
  return true;
}

const stopLimitMs = 15_000;

function programArguments(environment: CliEnvironment, timeScale: number): string[] {
  const program = join(environment.checkout, 'infra', 'emulator', 'main.ts');
  return [program, emulatorDirectory(environment), '--time-scale', String(timeScale)];
}

async function failedStart(logPath: string, state: string): Promise<DeliveryError> {
  const log = (await readFile(logPath, 'utf8').catch(() => '')).trim();
  const last = log.split('\n').slice(-3).join(' ').trim();
  return new DeliveryError(
    'emulator-missing',
    `the emulated clouds did not start (${state})${last === '' ? '' : `: ${last}`}`,
    {
      hint: `their log: ${logPath}`,
    },
  );
}
