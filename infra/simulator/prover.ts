// What each cloud's control plane says about a release, read as the real provers read it.
import type { Prover } from '../contract/ports.ts';
import { endpointOf, type RuntimeName, type Stage } from '../contract/service.ts';
import type { StackName } from '../contract/stack.ts';
import type { Check, Outcome } from '../contract/verification.ts';
import { stackAt } from './endpoint.ts';
import type { Process } from './process.ts';
import { contracts } from './runtimes.ts';
import type { World } from './world.ts';

export function proverOf(name: RuntimeName, world: World, process: Process): Prover {
  return {
    runtime: contracts[name],
    baseline: (service) =>
      process.call(`prover.baseline ${name}`, {
        takesMs: 1_000,
        faults: ['fail'],
        apply: () => (service === undefined ? undefined : Number(service.revision.split('-').at(-1))),
      }),
    prove: ({ service, release, stage, baseline }) =>
      process.call(`prover.prove ${new URL(service.endpoint).hostname} ${release.releaseId}`, {
        takesMs: 90_000,
        faults: ['fail', 'time-out'],
        apply: () => {
          const [outcome, found] = controlPlane(name, world, stackAt(service.endpoint), release.releaseId, {
            stage,
            percent: service.sharePercent,
            after: typeof baseline === 'number' ? baseline : undefined,
          });
          return [checkOf(outcome, found, release.releaseId, endpointOf(service.endpoint))];
        },
      }),
  };
}

function controlPlane(
  name: RuntimeName,
  world: World,
  stack: StackName,
  release: string,
  { stage, after, percent }: { stage: Stage; after: number | undefined; percent: number | undefined },
): readonly [Outcome, string] {
  const { serving, slot, last, shared } = world.state(stack);
  if (name === 'app-runner') {
    if (last === undefined) return ['errored', 'no operation'];
    if (after !== undefined && last.number <= after) {
      return serving?.release === release ? ['passed', 'no newer operation'] : ['errored', 'no new operation'];
    }
    if (!last.succeeded) return ['failed', `operation ${last.number} was rolled back`];
    return last.release === release ? ['passed', 'succeeded'] : ['failed', `operation of ${last.release}`];
  }
  const placed = stage === 'live' ? serving : slot;
  const wanted = stage === 'share' ? percent : undefined;
  if (shared !== wanted) return ['failed', `the candidate has ${shared ?? 0} % of the traffic`];
  if (placed?.release !== release) return ['failed', placed?.release ?? 'nothing'];
  if (stage === 'share' && world.qualityOn(stack, release) === 'frail') return ['failed', 'it ended under its load'];
  return placed.dead ? ['failed', 'its container ends again and again'] : ['passed', release];
}

function checkOf(outcome: Outcome, found: string, expected: string, source: string): Check {
  return { name: 'control-plane', outcome, expected, found, seconds: 0, source };
}
