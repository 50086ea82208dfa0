// The ending of a verb that put a release on stacks: one line per stack, the verdict, the document.
import type { DeploymentOutcome } from '../delivery/deploy.ts';
import { verdictOf } from '../delivery/verdict.ts';
import type { Cli } from './cli.ts';
import { table } from './output.ts';

/** Of a verb that put live again what runs: where stacks run different releases, the worst is what there is to say. */
export function endRepetition(
  cli: Cli,
  outcomes: readonly DeploymentOutcome[],
  json: boolean | undefined,
  next: string,
): void {
  const [first] = outcomes;
  if (first === undefined) throw new Error('nothing was put live again, and nothing refused it');
  const worst = outcomes.find(({ release, stacks }) => verdictOf(release, stacks).code !== undefined) ?? first;
  endDeployment(cli, { ...worst, stacks: outcomes.flatMap(({ stacks }) => stacks) }, json, next);
}

/** @param next the command to propose when every stack is healthy. */
export function endDeployment(
  cli: Cli,
  outcome: DeploymentOutcome & { readonly recheckSeconds?: number },
  json: boolean | undefined,
  next: string,
): void {
  const { release, environment, stacks, recheckSeconds } = outcome;
  if (json !== true) {
    const rows = stacks.map(({ stack, state, runs, seconds, reason = '' }) => [
      stack,
      state,
      runs ?? '?',
      `${seconds.toFixed(1)} s`,
      reason,
    ]);
    cli.output.data(table([['stack', 'state', 'runs', 'took', 'why'], ...rows]));
  }
  const verdict = verdictOf(release, stacks);
  // Everything had ended well before it could be stopped: that is the truth, and who pressed Ctrl-C meant no next step all the same.
  const late = verdict.code === undefined && cli.signal.aborted;
  const code = late ? 'interrupted' : verdict.code;
  const sentence = late ? `interrupted, when all was done: ${verdict.sentence}` : verdict.sentence;
  const recovery = code === 'errored' ? `npx trireme verify --environment ${environment}` : 'npx trireme status';
  cli.end({
    code,
    sentence,
    next: code === undefined ? next : recovery,
    json: {
      release,
      environment,
      ...(recheckSeconds === undefined ? {} : { recheckSeconds }),
      stacks: stacks.map(({ stack, state, reason, seconds, runs, endpoint, checks }) => ({
        stack,
        state,
        reason,
        seconds,
        runs,
        endpoint,
        checks,
      })),
    },
  });
}
