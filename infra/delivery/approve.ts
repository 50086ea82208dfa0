// Recording an approval: bound to the manifest, the plans and the state of the environment that the promotion was prepared with.
import { DeliveryError } from '../contract/errors.ts';
import type { Actor, FactOf } from '../contract/fact.ts';
import { environmentHead } from '../ledger/view.ts';
import { judgeApprover } from './approval.ts';
import { type Delivery, stamp } from './delivery.ts';
import { approvalOf, preparedPromotion, promotionState } from './promotion-state.ts';
import { findRelease } from './stack-state.ts';

/**
 * Appends one person's approval of a prepared promotion.
 * @param approver who approves, which is not who runs the command: the fact's actor is the approver.
 * @throws DeliveryError `refused` with every reason (author, requester, way, promotion no longer waiting); `usage` for an unknown promotion.
 */
export async function approvePromotion(
  delivery: Pick<Delivery, 'ledger' | 'clock' | 'policy' | 'emulated' | 'actor'>,
  promotionId: string,
  approver: Actor,
  url?: string,
): Promise<FactOf<'approval'>> {
  const { at } = stamp(delivery);
  const expires = new Date(delivery.clock.now() + delivery.policy.approvals.expiresHours * 3_600_000).toISOString();
  let given: FactOf<'approval'> | undefined;
  const appended = await delivery.ledger.append((facts) => {
    given = approvalOf(facts, promotionId);
    // Several legs of one promotion may bring the same answer.
    if (given?.body.approver === approver.login && given.body.expires > at) return [];
    const promotion = preparedPromotion(facts, promotionId);
    const state = promotionState(facts, promotionId);
    const manifest = findRelease(facts, promotion.release);
    const { policy, emulated } = delivery;
    const reasons = [
      ...(state === 'prepared' ? [] : [`promotion ${promotionId} is ${state}`]),
      ...judgeApprover({ approver, promotion, manifest, policy, emulated }),
    ];
    if (reasons.length > 0) {
      throw new DeliveryError(
        'refused',
        `${promotionId} can't be approved by ${approver.login}: ${reasons.join('; ')}`,
        {
          hint: 'the rules are in policy.yaml',
        },
      );
    }
    return [
      {
        at,
        actor: approver,
        kind: 'approval',
        environment: promotion.environment,
        release: promotion.release,
        body: {
          promotion: promotionId,
          manifest: promotion.body.manifest,
          plans: Object.fromEntries(
            Object.entries(promotion.body.plans).map(([stack, plan]) => [stack, plan.fingerprint]),
          ),
          previous: promotion.body.previous,
          environmentHead: environmentHead(facts, promotion.environment, promotionId),
          approver: approver.login,
          expires,
          ...(url === undefined ? {} : { url }),
        },
      },
    ];
  });
  const approval = appended.find((fact): fact is FactOf<'approval'> => fact.kind === 'approval') ?? given;
  if (approval === undefined) throw new Error('the ledger did not give back the approval it was given');
  return approval;
}
