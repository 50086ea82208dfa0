// One run of the Pulumi CLI, as the Automation API asks for it: in its own process group, with exactly the environment it is given.
import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';

/** What a CLI run printed and how it ended. */
export interface EngineRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** The CLI ended with another code than 0, or a signal ended it. */
export class EngineExit extends Error {
  readonly run: EngineRun;
  readonly signal: NodeJS.Signals | null;

  constructor(args: readonly string[], run: EngineRun, signal: NodeJS.Signals | null) {
    const how = signal === null ? `exit code ${run.code}` : `ended by ${signal}`;
    super(`pulumi ${args.slice(0, 2).join(' ')}: ${how}: ${run.stderr.trim() || run.stdout.trim()}`);
    this.name = 'EngineExit';
    this.run = run;
    this.signal = signal;
  }
}

/** The environment of a child process, complete: nothing is inherited besides. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface EngineCommand extends PulumiCommand {
  run(
    args: readonly string[],
    directory: string,
    variables: Environment,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<EngineRun>;
}

/**
 * The Automation API's own runner inherits this process's environment and process group. A Ctrl-C on a terminal then reaches the CLI twice, once
 * from the terminal and once from the abort signal, and the second one means "stop at once, leave operations pending".
 * @param environment everything the CLI and the providers it starts may see; what the Automation API adds comes on top.
 */
export function engineCommand(found: PulumiCommand, environment: Environment): EngineCommand {
  return {
    command: found.command,
    version: found.version,
    run(args, directory, variables, onOutput, onError, signal) {
      const all = args.includes('--non-interactive') ? args : [...args, '--non-interactive'];
      const env: Environment = { ...environment, ...variables, PULUMI_AUTOMATION_API: 'true' };
      // The CLI looks for the plugins that came with it on the path.
      const path = [dirname(found.command), env.PATH].filter(Boolean).join(delimiter);
      return new Promise((resolve, reject) => {
        const child = spawn(found.command, all, {
          cwd: directory,
          env: { ...env, PATH: path },
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
        });
        const interrupt = () => child.kill('SIGINT');
        let stdout = '';
        let stderr = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
          onOutput?.(text);
        });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
          onError?.(text);
        });
        child.on('error', (error) => {
          signal?.removeEventListener('abort', interrupt);
          reject(
            new DeliveryError('cli-missing', `expected to run ${found.command}: ${error.message}`, {
              cause: error,
              hint: 'run the same command again: it is looked for, or obtained, anew',
            }),
          );
        });
        child.on('close', (code, killedBy) => {
          signal?.removeEventListener('abort', interrupt);
          const run = { stdout, stderr, code: code ?? -1 };
          if (code === 0) resolve(run);
          else reject(new EngineExit(all, run, killedBy));
        });
        if (signal?.aborted) interrupt();
        else signal?.addEventListener('abort', interrupt, { once: true });
      });
    },
  };
}
