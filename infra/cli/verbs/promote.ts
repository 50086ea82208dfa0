// `trireme promote`: shows what would change in prod, takes the approval, asks everything again, deploys what was approved.
import { DeliveryError } from '../../contract/errors.ts';
import type { Approver } from '../../contract/ports.ts';
import { type Environment, lastEnvironment } from '../../contract/stack.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote as carryOut } from '../../delivery/promote.ts';
import { preparedPromotion } from '../../delivery/promotion-state.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { approverFor } from '../approvers.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { endDeployment } from '../ending.ts';
import { finalise } from '../finalise.ts';
import { planLines } from '../plan-text.ts';
import { predictionLines } from '../preview-text.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { cancelSupersededRuns } from '../superseded-runs.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly release?: string;
  readonly promotion?: string;
  readonly approveAs?: string;
  readonly prepare?: boolean;
  readonly finalise?: string;
  readonly takeBack?: boolean;
  readonly override?: string;
  readonly replace?: string;
  readonly json?: boolean;
}

export const promote: Verb = (cli) =>
  withSelection(
    verb('promote', 'Lets a release proven in dev enter prod, once someone approved exactly that'),
    lastEnvironment,
  )
    .option('--release <release>', 'prepare a promotion of this release: id, sequence number or `latest`')
    .option('--promotion <promotion>', 'carry out a promotion that was prepared before')
    .option('--approve-as <name>', 'approve as this person, where policy.yaml accepts local approvals')
    .option('--prepare', 'only prepare and show it')
    .option('--override <reason>', 'prepare it although the environment is split or unknown; the approver is shown why')
    .option(
      '--replace <reason>',
      'prepare it although a service is made anew, or by another runtime; the approver is shown why',
    )
    .option('--finalise <promotion>', 'merge what the legs of a promotion left in the ledger, and end it')
    .option('--take-back', 'with --finalise: take it back where policy.yaml says revert-all')
    .action(async (options: Options) => {
      assertOneWay(options);
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, lastEnvironment);
      if (options.finalise !== undefined) {
        const { finalise: promotion, takeBack = false, json } = options;
        return finalise(cli, files, { promotion, takeBack, stacks, json });
      }
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const id = options.promotion ?? (await prepare(cli, delivery, environment, options));
      if (options.prepare === true) {
        const promotion = preparedPromotion(await delivery.ledger.facts(), id);
        const next = `npx trireme approve ${id}`;
        cli.end({ sentence: `${id} waits for an approval`, next, json: promotion.body });
        return;
      }
      const approver: Approver | undefined = await approverFor(cli, options.approveAs, delivery);
      const outcome = await carryOut(delivery, id, { stacks, signal: cli.signal, approver });
      endDeployment(cli, outcome, options.json, `npx trireme status; to go back: npx trireme rollback`);
    });

function assertOneWay(options: Options): void {
  const { release, promotion, stack, cloud, prepare, override, replace, finalise, takeBack } = options;
  if (finalise !== undefined) {
    if (
      release === undefined &&
      promotion === undefined &&
      prepare !== true &&
      override === undefined &&
      replace === undefined
    )
      return;
    throw new DeliveryError('usage', 'expected --finalise with the promotion alone; found another way as well', {
      hint: `npx trireme promote --finalise ${finalise}`,
    });
  }
  if (takeBack === true) {
    throw new DeliveryError('usage', 'expected --finalise with --take-back; found none', {
      hint: 'npx trireme promote --finalise <promotion> --take-back',
    });
  }
  if (promotion !== undefined && (release !== undefined || prepare === true)) {
    throw new DeliveryError('usage', 'expected --release or --promotion; found both', {
      hint: 'a promotion names its release already',
    });
  }
  for (const [option, reason] of Object.entries({ override, replace })) {
    if (reason === undefined || (promotion === undefined && reason.trim() !== '')) continue;
    throw new DeliveryError('usage', `expected --${option} with a reason, where a promotion is prepared`, {
      hint: `who approves it must have seen the reason: npx trireme promote --release <release> --${option} "<reason>"`,
    });
  }
  if (promotion === undefined && (stack !== undefined || cloud !== undefined)) {
    throw new DeliveryError(
      'usage',
      'a promotion is prepared for every stack; single stacks are legs of a prepared one',
      {
        hint: 'npx trireme promote --prepare --release latest, then --promotion <promotion> --stack <stack>',
      },
    );
  }
}

/** Shows current → new for each stack, the resources touched and the fingerprints, which is what will be approved. */
async function prepare(cli: Cli, delivery: Delivery, environment: Environment, options: Options): Promise<string> {
  const manifest = findRelease(await delivery.ledger.facts(), options.release ?? 'latest');
  const { promotion, plans } = await preparePromotion(delivery, manifest, environment, {
    signal: cli.signal,
    override: options.override,
    replace: options.replace,
  });
  const { body, release } = promotion;
  cli.output.talk(
    `promotion ${body.promotion}: ${release} → ${environment}, manifest ${body.manifest.slice(0, 12)}`,
    'bold',
  );
  if (body.override !== undefined) cli.output.talk(`OVERRIDE: ${body.override}`, 'yellow');
  if (body.replace !== undefined) cli.output.talk(`REPLACES, because: ${body.replace}`, 'yellow');
  for (const line of planLines(plans, body.previous, release)) cli.output.talk(line);
  for (const line of predictionLines(body)) cli.output.talk(line);
  const first = Object.values(body.previous).some((previous) => previous === null);
  if (first) cli.output.talk('a stack without an earlier release has nothing to go back to', 'yellow');
  await cancelSupersededRuns(cli, delivery, body.promotion);
  return body.promotion;
}
