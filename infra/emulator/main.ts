// The emulated clouds as a process of their own: `node infra/emulator/main.ts <directory> [--time-scale N] [--faults JSON]`.
// Says where they are in `emulator.env` and `emulator.json`, and to a parent over its channel. Ends on SIGTERM, when asked over the
// admin API, and with its parent unless told to `--stay`.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DeliveryError } from '../contract/errors.ts';
import { parseFaults } from './admin.ts';
import { startEmulator } from './emulator.ts';
import { isSameProcess, startOf } from './runtimes/process-record.ts';

/** What a parent is told over the channel: exactly one of these, once. */
export type EmulatorMessage =
  | { readonly kind: 'started'; readonly url: string; readonly environment: Readonly<Record<string, string>> }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

export interface EmulatorRecord {
  readonly pid: number;
  /** When that process started, in the system's words: ids are used again. */
  readonly started: string;
  /** The admin API. */
  readonly url: string;
}

if (import.meta.main) await run();

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'time-scale': { type: 'string', default: '1' },
      faults: { type: 'string', default: '{}' },
      stay: { type: 'boolean', default: false },
    },
  });
  const directory = resolve(positionals[0] ?? '.trireme/emulator');
  const stopping = Promise.withResolvers<void>();
  // Before anything else: a parent that is gone by the time everything runs must not leave it running.
  process.once('disconnect', () => {
    if (!values.stay) stopping.resolve();
  });
  process.on('SIGTERM', () => stopping.resolve());
  // With a parent, Ctrl-C reaches both; the parent still needs the clouds to end well, and says when.
  process.on('SIGINT', () => {
    if (process.channel === undefined && !values.stay) stopping.resolve();
  });
  try {
    await refuseSecond(directory);
    await empty(directory);
    const emulator = await startEmulator({
      directory,
      timeScale: positive(values['time-scale']),
      faults: parseFaults(JSON.parse(values.faults)),
      stopRequested: () => stopping.resolve(),
    });
    const environment = { ...emulator.environment, ...(await record(directory, emulator.url, emulator.environment)) };
    tell({ kind: 'started', url: emulator.url, environment });
    await stopping.promise;
    await emulator.stop();
    await Promise.all(['emulator.env', 'emulator.json'].map((name) => rm(join(directory, name), { force: true })));
    process.exit(0);
  } catch (error) {
    tell(failureOf(error));
    process.exit(1);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new DeliveryError('usage', `--time-scale: expected a number above 0; found \`${text}\``);
}

/** Anything but a DeliveryError is a bug, and keeps its stack. */
function failureOf(error: unknown): EmulatorMessage {
  if (!(error instanceof DeliveryError)) {
    return {
      kind: 'failed',
      code: 'errored',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const { code, message, hint } = error;
  return { kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Two emulators on one directory would share one state. */
async function refuseSecond(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new DeliveryError('state-unwritable', `could not make ${directory}: ${String(cause)}`, { cause });
  });
  const text = await readFile(join(directory, 'emulator.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { pid, started }: EmulatorRecord = JSON.parse(text);
  if (!isSameProcess(pid, started)) return;
  throw new DeliveryError('refused', `emulated clouds run in ${directory} already, as process ${pid}`, {
    hint: 'stop them first: npx trireme emulator down',
  });
}

/**
 * Clouds without a memory: resources live in the process, so what an earlier one left on disk (Pulumi's state, images, its ledger)
 * would tell of services that are gone. The record of its processes stays: leftovers are ended by it.
 */
async function empty(directory: string): Promise<void> {
  const left = (await readdir(directory)).filter((name) => name !== 'processes');
  await Promise.all(left.map((name) => rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 })));
}

async function record(
  directory: string,
  url: string,
  environment: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const started = startOf(process.pid) ?? '';
  const own = { TRIREME_EMULATOR_PID: String(process.pid), TRIREME_EMULATOR_SINCE: new Date().toISOString() };
  const lines = Object.entries({ ...environment, ...own }).map(([name, value]) => `export ${name}='${value}'\n`);
  const json: EmulatorRecord = { pid: process.pid, started, url };
  await writeWhole(join(directory, 'emulator.env'), lines.join(''));
  await writeWhole(join(directory, 'emulator.json'), `${JSON.stringify(json, null, 2)}\n`);
  return own;
}

/** A reader sees all of it or nothing. Only its owner: it holds the passphrase of the emulated state. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function tell(message: EmulatorMessage): void {
  if (process.send !== undefined && process.connected) process.send(message);
  else if (message.kind === 'failed') process.stderr.write(`${message.message}\n${message.hint ?? ''}\n`);
  else process.stdout.write(`the emulated clouds run: ${message.url}\n`);
}
