// The emulated clouds of one rehearsal: a child process that ends with the rehearsal, unless it is told to stay.
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { DeliveryError, type DeliveryErrorCode, deliveryErrorCodes } from '../contract/errors.ts';
import type { FaultChanges } from '../emulator/admin.ts';
import type { EmulatorMessage } from '../emulator/main.ts';

export interface EmulatedClouds {
  readonly timeScale: number;
  /** Misbehave from now on as no vendor does; see `FaultSwitches`. */
  fault(changes: FaultChanges): Promise<void>;
  /** Ends every instance and every port, within seconds. */
  stop(): Promise<void>;
  /** Lets them outlive the rehearsal. */
  leave(): void;
}

const stopLimitMilliseconds = 20_000;

/** @param project the checkout whose code runs. @param stay whether they may outlive the rehearsal at all. */
export async function startClouds(options: {
  readonly project: string;
  readonly directory: string;
  readonly timeScale: number;
  readonly stay: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
}): Promise<EmulatedClouds> {
  const { project, directory, timeScale, stay, variables } = options;
  const words = [directory, '--time-scale', String(timeScale), ...(stay ? ['--stay'] : [])];
  const child = fork(path.join(project, 'infra', 'emulator', 'main.ts'), words, {
    env: { ...variables },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C on the terminal reaches the rehearsal alone, which ends the clouds when it has ended itself.
    detached: true,
  });
  const started = await firstMessage(child);
  return {
    timeScale,
    async fault(changes) {
      const answer = await fetch(`${started.url}/faults`, { method: 'POST', body: JSON.stringify(changes) });
      if (!answer.ok) throw new Error(`the emulated clouds refused ${JSON.stringify(changes)}: ${await answer.text()}`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const killer = setTimeout(() => child.kill('SIGKILL'), stopLimitMilliseconds);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(killer);
    },
    leave() {
      child.disconnect();
      child.unref();
    },
  };
}

async function firstMessage(child: ChildProcess): Promise<Extract<EmulatorMessage, { kind: 'started' }>> {
  const message = await new Promise<EmulatorMessage>((resolve, reject) => {
    child.once('message', (sent: EmulatorMessage) => resolve(sent));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new DeliveryError('emulator-missing', `the emulated clouds ended with ${code} before they answered`)),
    );
  });
  if (message.kind === 'started') return message;
  throw new DeliveryError(codeOf(message.code), message.message, { hint: message.hint });
}

function codeOf(word: string): DeliveryErrorCode {
  return deliveryErrorCodes.find((code) => code === word) ?? 'errored';
}
