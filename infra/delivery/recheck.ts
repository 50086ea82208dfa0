// Everything asked again between the approval and the first touch: registries, what runs, plans, signature. What it finds is judged against the facts.
import type { Fact } from '../contract/fact.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import type { StackName } from '../contract/stack.ts';
import { type Fault, judgeApproval } from './approval.ts';
import { signatureFault } from './approve.ts';
import { type Delivery, type DeliveryOptions, targetsIn } from './delivery.ts';
import { environmentState } from './environment-state.ts';
import { reasonsAgainst } from './promotion-rule.ts';
import { approvalOf, type Promotion, promotionState, underWay } from './promotion-state.ts';
import { fingerprintsOf, previewAll, previousOf, surveyOf } from './situation.ts';

/** Every reason against starting, by these facts; pure, so that the ledger can ask it again in the moment of writing. */
export type Judge = (facts: readonly Fact[]) => readonly Fault[];

/**
 * Asks the world, all of it at once. @param options `stacks` narrows it to one leg.
 * @throws DeliveryError what previewing, registries or `ssh-keygen` throw.
 */
export async function recheck(
  delivery: Delivery,
  promotion: Promotion,
  manifest: ReleaseManifest,
  options: DeliveryOptions,
): Promise<Judge> {
  const { environment, body } = promotion;
  const targets = targetsIn(delivery, environment, options.stacks);
  const approved = approvalOf(await delivery.ledger.facts(), body.promotion);
  const [survey, previews, badSignature] = await Promise.all([
    surveyOf(delivery, manifest, environment, options),
    previewAll(delivery, manifest, targets, options.signal),
    approved === undefined ? undefined : signatureFault(delivery, approved),
  ]);
  const plans = fingerprintsOf(previews);
  const stacks = targetsIn(delivery, environment).map(({ stack }) => stack.name);
  const { policy, emulated, clock } = delivery;

  return (facts) => {
    const approval = approvalOf(facts, body.promotion);
    if (approval === undefined) return [once('the approval is gone from the ledger')];
    if (approval.id !== approved?.id) return [once('it was approved once more meanwhile: start it again')];
    const nowMs = clock.now();
    const other = underWay(facts, promotion, nowMs);
    const previous = previousOf(facts, targets, survey.deployed);
    const judged = { facts, approval, signatureFault: badSignature, promotion, manifest, plans, previous, stacks };
    return [
      ...(other === undefined ? [] : [once(inTheWay(other))]),
      ...atWork(facts, promotion, stacks, nowMs),
      ...reasonsAgainst({ ...survey, facts, nowMs, override: body.override }).map(once),
      ...judgeApproval({ ...judged, policy, emulated, nowMs }),
    ];
  };
}

/** Before the first leg starts, no stack of the environment is in somebody's hands: one whose release is being taken back, say. */
function atWork(facts: readonly Fact[], promotion: Promotion, stacks: readonly StackName[], nowMs: number): Fault[] {
  const { environment, body } = promotion;
  if (promotionState(facts, body.promotion) !== 'prepared' || body.override !== undefined) return [];
  return environmentState(facts, environment, stacks, nowMs)
    .stacks.filter(({ knows }) => knows === 'under-way')
    .map(({ stack, why }) => ({ reason: `${stack} ${why}`, again: false }));
}

/** Preparing again would meet the same reason. */
function once(reason: string): Fault {
  return { reason, again: false };
}

export function inTheWay(other: Promotion): string {
  return `${other.body.promotion} is being carried out there: let it end, or roll back`;
}
