// `trireme promote --finalise`: the end of a promotion whose legs were jobs of their own. Needs the ledger, and no credentials of a cloud.
import { systemClock } from '../contract/clock.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { StackName } from '../contract/stack.ts';
import { type AskRefusal, type FinaliseDelivery, finalisePromotion, takeBackPromotion } from '../delivery/finalise.ts';
import type { Cli } from './cli.ts';
import { endDeployment } from './ending.ts';
import type { StackFiles } from './stack-files.ts';
import { wireDelivery, wireLedger } from './wiring.ts';

export interface FinaliseOptions {
  readonly promotion: string;
  /** Also takes the release back where policy.yaml says `revert-all`; needs the clouds. */
  readonly takeBack: boolean;
  readonly stacks: readonly StackName[] | undefined;
  readonly json: boolean | undefined;
}

export async function finalise(cli: Cli, files: StackFiles, options: FinaliseOptions): Promise<void> {
  const { promotion, takeBack, stacks, json } = options;
  const merged = await finalisePromotion(await office(cli, files), promotion, refusalOnGithub(cli));
  const takes = takeBack && merged.left.length > 0;
  const ended = takes
    ? await takeBackPromotion(await wireDelivery(cli.environment, files, cli.output.report), merged, {
        stacks,
        signal: cli.signal,
      })
    : merged;
  if (merged.parity !== undefined)
    cli.output.talk(`the clouds compared: ${merged.parity.outcome}: ${merged.parity.found}`);
  const { environment, left } = ended;
  if (left.length > 0) {
    const way = takes ? 'npx trireme rollback' : `npx trireme promote --finalise ${promotion} --take-back`;
    const still = `${left.join(', ')} still ${left.length === 1 ? 'runs' : 'run'} it`;
    cli.output.talk(`${environment} is split: ${still}, and policy.yaml says revert-all: ${way}`, 'yellow');
  }
  endDeployment(cli, ended, json, 'npx trireme status');
}

/** In a run of GitHub Actions: its reviews. A job that a reviewer rejected never comes to a command of ours. */
function refusalOnGithub({ environment: { actions }, output }: Cli): AskRefusal | undefined {
  if (actions === undefined) return undefined;
  return async ({ environment }) => {
    try {
      const { githubRefusal } = await import('../github/refusal.ts');
      return await githubRefusal(actions, environment);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      output.talk(`whether somebody rejected this run is not known: ${error.message}`, 'yellow');
      return undefined;
    }
  };
}

async function office(cli: Cli, files: StackFiles): Promise<FinaliseDelivery> {
  const { ledger, actor, policy } = await wireLedger(cli.environment);
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
    policy,
    clock: systemClock,
    stacks: files.stacks,
    goldens: { read },
    fetch,
    report: cli.output.report,
  };
}
