// `trireme promote --finalise`: the end of a promotion whose legs were jobs of their own. Needs the ledger, and no credentials of a cloud.
import { DeliveryError } from '../contract/errors.ts';
import type { StackName } from '../contract/stack.ts';
import { type FinaliseDelivery, type Finalised, finalisePromotion } from '../delivery/finalise.ts';
import { hasFailed } from '../delivery/legs.ts';
import { findRelease } from '../delivery/stack-state.ts';
import { takeBackAll } from '../delivery/take-back.ts';
import type { Cli } from './cli.ts';
import { endDeployment } from './ending.ts';
import type { StackFiles } from './stack-files.ts';
import { systemClock, wireDelivery, wireLedger } from './wiring.ts';

export interface FinaliseOptions {
  readonly promotion: string;
  /** Also takes the release back where policy.yaml says `revert-all`; needs the clouds. */
  readonly takeBack: boolean;
  readonly stacks: readonly StackName[] | undefined;
  readonly json: boolean | undefined;
}

export async function finalise(cli: Cli, files: StackFiles, options: FinaliseOptions): Promise<void> {
  const { promotion, takeBack, stacks, json } = options;
  const merged = await finalisePromotion(await office(cli, files), promotion);
  const failed = merged.stacks.filter(({ state }) => hasFailed(state)).map(({ stack }) => stack);
  const { policy } = await wireLedger(cli.environment);
  const left = failed.length > 0 && policy.promotions.onTargetFailure === 'revert-all';
  const live = merged.stacks.filter(({ runs }) => runs === merged.release).map(({ stack }) => stack);
  const ended = left && takeBack ? await takenBack(cli, files, merged, failed, stacks) : merged;
  if (merged.parity !== undefined)
    cli.output.talk(`the clouds compared: ${merged.parity.outcome}: ${merged.parity.found}`);
  if (left && !takeBack && live.length > 0) {
    const way = `npx trireme promote --finalise ${promotion} --take-back`;
    cli.output.talk(
      `${live.join(', ')} still ${live.length === 1 ? 'runs' : 'run'} it, and policy.yaml says revert-all: ${way}`,
      'yellow',
    );
  }
  endDeployment(cli, ended, json, 'npx trireme status');
}

async function takenBack(
  cli: Cli,
  files: StackFiles,
  merged: Finalised,
  failed: readonly StackName[],
  only: readonly StackName[] | undefined,
): Promise<Finalised> {
  const delivery = await wireDelivery(cli.environment, files, cli.output.report);
  const manifest = findRelease(await delivery.ledger.facts(), merged.release);
  const own = merged.stacks.filter(({ stack }) => only === undefined || only.includes(stack));
  const others = merged.stacks.filter((one) => !own.includes(one));
  const stacks = await takeBackAll(delivery, manifest, own, failed, { signal: cli.signal });
  return { ...merged, stacks: [...stacks, ...others] };
}

async function office(cli: Cli, files: StackFiles): Promise<FinaliseDelivery> {
  const { ledger, actor } = await wireLedger(cli.environment);
  const { openRegistries, goldensIn } = await import('./registries.ts');
  const read: FinaliseDelivery['goldens']['read'] = async (manifest, cloud) => {
    const client = await openRegistries(cli.environment);
    return goldensIn(client)
      .read(manifest, cloud)
      .catch((cause: unknown) => {
        // Without a login the golden inputs can't be read, and a library says so in its own words.
        if (cause instanceof DeliveryError) throw cause;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new DeliveryError('cloud-unreachable', `the registry of ${cloud} can't be read from here: ${why}`, {
          cause,
        });
      });
  };
  return {
    ledger,
    actor,
    clock: systemClock,
    stacks: files.stacks,
    goldens: { read },
    fetch,
    report: cli.output.report,
  };
}
