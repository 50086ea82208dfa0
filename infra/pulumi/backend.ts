// What Pulumi keeps of a stack: its state and its locks, read from the backend's own files where it has some, else by asking the CLI.
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import type { Clock, Leftovers } from '../contract/ports.ts';
import { type EngineCommand, EngineExit, type Environment, engineCommand } from './engine-command.ts';
import { failureOf } from './failure.ts';
import { removeEmptyLocks } from './lock.ts';
import { freeLocksIn, lookAtLocksIn } from './recovery.ts';
import {
  lockFolderOf,
  parseExport,
  readDeployment,
  readStateFile,
  removeEmptyAttributes,
  type StackState,
  stateFileOf,
} from './state.ts';
import { plainPulumiEnvironment, type Workspace } from './workspace.ts';

export interface BackendOptions {
  readonly workspace: Workspace;
  readonly command: PulumiCommand;
  /**
   * Everything the engine and its providers may see: the state (`PULUMI_BACKEND_URL`), `PULUMI_HOME`, the passphrase, credentials,
   * `PULUMI_DEBUG_PROVIDERS`. Nothing is inherited besides.
   */
  readonly environment: Environment;
  readonly clock: Clock;
}

export class Backend {
  readonly #options: BackendOptions;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  /** The CLI with this backend's variables. @param more for this command alone. */
  command(more: Environment = {}): EngineCommand {
    const { command, workspace, environment } = this.#options;
    return engineCommand(command, {
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      ...environment,
      // A shell in which plain `pulumi` was pointed at another workspace has no say here.
      ...plainPulumiEnvironment(workspace),
      PULUMI_OPTION_POLICY_PACK: undefined,
      ...more,
    });
  }

  /** `undefined`: there is no such stack. */
  async state(stack: string): Promise<StackState | undefined> {
    const file = this.#stateFile(stack);
    if (file !== undefined) return readStateFile(file);
    try {
      const { stdout } = await this.#run(['stack', 'export', '--stack', stack]);
      return parseExport(stdout);
    } catch (error) {
      if (error instanceof EngineExit && /no stack named/.test(error.run.stderr)) return undefined;
      throw unexpected(stack, error);
    }
  }

  /** The state's own document, as `pulumi stack export` has it under `deployment`. `undefined`: there is no such stack. */
  async document(stack: string): Promise<unknown> {
    if ((await this.state(stack)) === undefined) return undefined;
    const file = this.#stateFile(stack);
    if (file !== undefined) return readDeployment(file);
    const { code, text } = await this.ask(['stack', 'export', '--stack', stack]);
    if (code === 0) return exported.parse(JSON.parse(text)).deployment;
    throw new DeliveryError('errored', `${stack}: its state could not be read: ${text.trim()}`);
  }

  /** Looks at the locks of a `file://` backend; in a bucket they are left to the next update, which finds them. */
  async freeLocks(stack: string): Promise<Leftovers> {
    const folder = this.#lockFolder(stack);
    return folder === undefined ? { removed: [], held: [] } : freeLocksIn(folder);
  }

  /** Looks and leaves them: in a bucket only the next update sees them. */
  async locks(stack: string): Promise<{ readonly gone: readonly string[]; readonly held: readonly string[] }> {
    const folder = this.#lockFolder(stack);
    return folder === undefined ? { gone: [], held: [] } : lookAtLocksIn(folder);
  }

  /** @returns whether there was one that a full disk cut short. */
  async removeEmptyLocks(stack: string): Promise<boolean> {
    const folder = this.#lockFolder(stack);
    return folder !== undefined && removeEmptyLocks(folder, this.#options.clock.now());
  }

  /** Only when nobody can be writing them. */
  async mendAttributes(stack: string): Promise<void> {
    const file = this.#stateFile(stack);
    if (file === undefined || (await this.locks(stack)).held.length > 0) return;
    await removeEmptyAttributes(file);
  }

  /** Any command of the CLI. @returns what it printed, errors first where it failed. */
  async ask(words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
    try {
      const { stdout } = await this.#run(words);
      return { code: 0, text: stdout };
    } catch (error) {
      if (!(error instanceof EngineExit)) throw error;
      return { code: error.run.code, text: `${error.run.stderr}\n${error.run.stdout}` };
    }
  }

  /** Makes the stack, with nothing in it, unless it is there. */
  async create(stack: string): Promise<void> {
    try {
      await this.#run(['stack', 'init', stack, '--no-select']);
    } catch (error) {
      if (error instanceof EngineExit && /already exists/.test(error.run.stderr)) return;
      throw unexpected(stack, error);
    }
  }

  /** Lets every resource of a stack be deleted. */
  async unprotect(stack: string): Promise<void> {
    try {
      await this.#run(['state', 'unprotect', '--all', '--yes', '--stack', stack]);
    } catch (error) {
      throw unexpected(stack, error);
    }
  }

  #run(words: readonly string[]) {
    return this.command().run(words, this.#options.workspace.directory, {});
  }

  #stateFile(stack: string): string | undefined {
    return stateFileOf(this.#options.environment.PULUMI_BACKEND_URL, this.#options.workspace.project, stack);
  }

  #lockFolder(stack: string): string | undefined {
    const file = this.#stateFile(stack);
    return file === undefined ? undefined : lockFolderOf(file, this.#options.workspace.project, stack);
  }
}

const exported = z.object({ deployment: z.unknown() });

function unexpected(stack: string, error: unknown): unknown {
  if (!(error instanceof EngineExit)) return error;
  const failure = failureOf({ stack, diagnostics: [], printed: error.run.stderr, interrupted: false });
  return failure.kind === 'error' ? failure.error : error;
}
