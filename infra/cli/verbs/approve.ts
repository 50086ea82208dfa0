// `trireme approve`: one person's permission for one prepared promotion; in GitHub Actions, the permission that a reviewer gave this run.
import { DeliveryError } from '../../contract/errors.ts';
import type { Approver } from '../../contract/ports.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { preparedPromotion } from '../../delivery/promotion-state.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { approverFor } from '../approvers.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { predictionLines } from '../preview-text.ts';
import { signWith } from '../ssh-signature.ts';
import { type Office, wireLedger } from '../wiring.ts';

interface Options {
  readonly as?: string;
  readonly sign?: string;
  readonly breakGlass?: string;
  readonly json?: boolean;
}

export const approve: Verb = (cli) =>
  verb('approve', 'Approves a prepared promotion, by the ways that policy.yaml accepts')
    .argument('<promotion>', 'as `trireme promote` named it')
    .option('--as <name>', 'who approves (default: who runs this; in GitHub Actions, who reviewed the run)')
    .option('--sign <keyfile>', 'sign it with an SSH key that policy.yaml lists for who approves')
    .option('--break-glass <reason>', 'in an emergency, against the rules about people; every view shows it')
    .action(async (promotion: string, options: Options) => {
      assertReason(options.breakGlass);
      const office = await wireLedger(cli.environment);
      const sign = signerFor(cli, options.sign);
      const isReviewed = options.as === undefined && cli.environment.actions !== undefined;
      const approver = await approverFor(cli, isReviewed ? undefined : (options.as ?? office.actor.login), office);
      const { actor, url } = await decisionOf(office, promotion, approver);
      const { body } = preparedPromotion(await office.ledger.facts(), promotion);
      for (const line of predictionLines(body)) cli.output.talk(line);
      const { breakGlass } = options;
      const approval = await approvePromotion(office, promotion, actor, { url, breakGlass, sign });
      const glass = breakGlass === undefined ? '' : `, BREAKING GLASS (${breakGlass})`;
      cli.end({
        sentence: `${actor.login} approved ${promotion} of ${approval.release} for ${approval.environment}${glass}, until ${approval.body.expires}`,
        next: `npx trireme promote --promotion ${promotion}`,
        json: { approval: approval.id, ...approval.body },
      });
    });

function assertReason(breakGlass: string | undefined): void {
  if (breakGlass === undefined || breakGlass.trim() !== '') return;
  throw new DeliveryError('usage', 'expected --break-glass with a reason; found an empty one', {
    hint: 'whoever looks into it afterwards reads it',
  });
}

function signerFor({ environment }: Cli, keyFile: string | undefined): ((text: string) => Promise<string>) | undefined {
  if (keyFile === undefined) return undefined;
  if (environment.actions === undefined) return signWith(environment.shell, keyFile);
  throw new DeliveryError('usage', "expected --sign on a person's own machine; found a run of GitHub Actions", {
    hint: 'a key that a runner can read signs for anyone who can start it',
  });
}

/** @throws DeliveryError `approval-needed` when nobody decided, `usage` for an unknown promotion. */
async function decisionOf({ ledger }: Office, id: string, approver: Approver | undefined) {
  const facts = await ledger.facts();
  const promotion = preparedPromotion(facts, id);
  const decision = await approver?.decide(promotion, findRelease(facts, promotion.release));
  if (decision !== undefined) return decision;
  throw new DeliveryError('approval-needed', `${id} waits for a review of this run`, {
    hint: 'someone who may approve reviews the run, on its page',
  });
}
