// `trireme approve`: one person's permission for one prepared promotion; in GitHub Actions, the permission that a reviewer gave this run.
import { DeliveryError } from '../../contract/errors.ts';
import type { Approver } from '../../contract/ports.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { preparedPromotion } from '../../delivery/promotion-state.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { approverFor } from '../approvers.ts';
import { type Verb, verb } from '../cli.ts';
import { type Office, wireLedger } from '../wiring.ts';

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export const approve: Verb = (cli) =>
  verb('approve', 'Approves a prepared promotion, where policy.yaml accepts local approvals')
    .argument('<promotion>', 'as `trireme promote` named it')
    .option('--as <name>', 'who approves (default: who runs this; in GitHub Actions, who reviewed the run)')
    .action(async (promotion: string, options: Options) => {
      const office = await wireLedger(cli.environment);
      const isReviewed = options.as === undefined && cli.environment.actions !== undefined;
      const approver = await approverFor(cli, isReviewed ? undefined : (options.as ?? office.actor.login));
      const { actor, url } = await decisionOf(office, promotion, approver);
      const approval = await approvePromotion(office, promotion, actor, { url });
      cli.end({
        sentence: `${actor.login} approved ${promotion} of ${approval.release} for ${approval.environment}, until ${approval.body.expires}`,
        next: `npx trireme promote --promotion ${promotion}`,
        json: { approval: approval.id, ...approval.body },
      });
    });

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
