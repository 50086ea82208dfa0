// One workflow run by act: https://nektosact.com. Jobs, matrices, outputs and conditions are real; each step is a process of this machine.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export interface ActRun {
  readonly workflow: string;
  readonly event: 'push' | 'workflow_dispatch';
  readonly inputs: Readonly<Record<string, string>>;
  readonly runId: number;
  readonly actor: string;
}

export interface ActWorld {
  readonly project: string;
  /** Where act keeps its workspaces and what it read. */
  readonly cache: string;
  readonly standIns: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** What this process itself has. */
  readonly machine: NodeJS.ProcessEnv;
}

/** @returns how it ended: act's exit code is 0 when every job succeeded. */
export function startAct(
  world: ActWorld,
  run: ActRun,
  logFile: string,
): { ended: Promise<number>; child: ChildProcess } {
  const pairs = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `--${flag}=${name}=${value}`);
  const child = spawn(
    'act',
    [
      run.event,
      `--workflows=.github/workflows/${run.workflow}`,
      `--directory=${world.project}`,
      '--platform=ubuntu-24.04=-self-hosted',
      '--no-skip-checkout',
      '--no-cache-server',
      `--action-cache-path=${world.cache}`,
      `--actor=${run.actor}`,
      '--defaultbranch=main',
      `--secret=GITHUB_TOKEN=actions:${run.runId}`,
      '--secret=PULUMI_CONFIG_PASSPHRASE=',
      ...world.standIns,
      ...pairs('env', { ...world.variables, GITHUB_RUN_ID: String(run.runId) }),
      ...pairs('input', run.inputs),
    ],
    { env: world.machine, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, 'close').then(([code]) => {
    log.end();
    return typeof code === 'number' ? code : 1;
  });
  return { ended, child };
}
