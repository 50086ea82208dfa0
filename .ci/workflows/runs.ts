// Runs of workflows as GitHub starts, holds and ends them: by a push, by dispatch, waiting for a review.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { review } from '../../infra/emulator/github/runs.ts';
import type { Run } from '../../infra/emulator/github/state.ts';
import { startAct } from './act.ts';
import { repositoryName, type World } from './world.ts';

const patienceMs = 300_000;

export interface Started {
  readonly run: Run;
  readonly ended: Promise<number>;
}

export async function dispatch(
  world: World,
  workflow: string,
  inputs: Readonly<Record<string, string>>,
): Promise<Started> {
  return start(world, workflow, 'workflow_dispatch', inputs);
}

export async function start(
  world: World,
  workflow: string,
  event: 'push' | 'workflow_dispatch',
  inputs: Readonly<Record<string, string>>,
): Promise<Started> {
  const body = JSON.stringify({ repository: repositoryName, workflow, event, actor: 'remy', inputs });
  const answer = await fetch(`${world.github.url}/_emulator/runs`, { method: 'POST', body });
  const { id } = (await answer.json()) as { readonly id: number };
  const run = world.repository.runs.get(id);
  if (run === undefined) throw new Error(`the emulated GitHub did not start ${workflow}`);
  return carryOut(world, run, event);
}

/** Runs what the emulated GitHub has started. */
export function carryOut(world: World, run: Run, event: 'push' | 'workflow_dispatch'): Started {
  const workflow = run.workflow.split('/').at(-1) ?? '';
  const { ended, child } = startAct(
    world,
    { workflow, event, inputs: run.inputs, runId: run.id, actor: run.actor },
    join(world.logs, `${workflow}-${run.id}.log`),
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  return {
    run,
    ended: ended.then((code) => {
      clearTimeout(limit);
      if (run.status !== 'completed') {
        run.status = 'completed';
        run.conclusion = code === 0 ? 'success' : 'failure';
      }
      return code;
    }),
  };
}

export async function waiting(run: Run): Promise<void> {
  const until = Date.now() + patienceMs;
  while (run.status === 'in_progress' && Date.now() < until) await sleep(200);
}

export function decide(
  world: World,
  run: Run,
  state: 'approved' | 'rejected',
  environment: 'prod' | 'prod-rollback',
): void {
  const user = environment === 'prod' ? 'rita' : 'remy';
  review(world.github.state, world.repository, run, { state, user, comment: '', environments: [environment] });
}
