// Moves a stack from one backend to another: exported from here, imported there, and only where nothing is there yet.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';
import { EngineExit, type Environment, engineCommand } from './engine-command.ts';
import { parseExport } from './state.ts';
import type { Workspace } from './workspace.ts';

export interface Move {
  readonly workspace: Workspace;
  readonly command: PulumiCommand;
  /** `PULUMI_BACKEND_URL` in it is where the stack is now. */
  readonly environment: Environment;
  readonly stack: string;
  /** Another backend's address. */
  readonly to: string;
}

/** @throws DeliveryError `refused` where the other backend has resources of a stack of that name; `errored`. Leaves the old state as it is. */
export async function moveState({ workspace, command, environment, stack, to }: Move): Promise<void> {
  const here = engineCommand(command, environment);
  const there = engineCommand(command, { ...environment, PULUMI_BACKEND_URL: to });
  const run = (cli: typeof here, ...words: string[]) => cli.run([...words, '--stack', stack], workspace.directory, {});
  const folder = await mkdtemp(join(tmpdir(), 'trireme-state-'));
  try {
    const file = join(folder, 'state.json');
    await writeFile(file, (await run(here, 'stack', 'export')).stdout, { mode: 0o600 });
    const found = await run(there, 'stack', 'export').catch((error: unknown) => {
      if (error instanceof EngineExit && /no stack named/.test(error.run.stderr)) return undefined;
      throw error;
    });
    if (found === undefined) await there.run(['stack', 'init', stack], workspace.directory, {});
    else if (parseExport(found.stdout).resources.length > 0) {
      throw new DeliveryError('refused', `expected no stack ${stack} in ${to}; found one with resources`, {
        hint: `export PULUMI_BACKEND_URL='${to}', and run the same command again: that state is used`,
      });
    }
    await run(there, 'stack', 'import', '--file', file);
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DeliveryError('errored', `${stack}: its state could not be moved to ${to}: ${why}`, {
      hint: 'run the same command again: it stays where it is until it has arrived',
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
