// Carrying out an approved promotion: everything is asked again right before anything is touched, then the release goes to every stack.
import { DeliveryError } from '../contract/errors.ts';
import type { NewFact } from '../contract/fact.ts';
import type { Approver } from '../contract/ports.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import type { Fault } from './approval.ts';
import { approvePromotion } from './approve.ts';
import { type Delivery, type DeliveryOptions, persist, type Road, stamp, targetsIn } from './delivery.ts';
import { type DeploymentOutcome, deployRelease } from './deploy.ts';
import { endOf } from './finalise.ts';
import { stopReasons } from './guards.ts';
import { faultOf, hasFailed, legsOf, stateOf } from './legs.ts';
import { prepareAnew } from './prepare-anew.ts';
import {
  approvalOf,
  overtakenBy,
  type Promotion,
  type PromotionState,
  preparedPromotion,
  promotionState,
} from './promotion-state.ts';
import { recheck } from './recheck.ts';
import { findRelease } from './stack-state.ts';
import { takeBackAll } from './take-back.ts';

export interface PromotionOutcome extends DeploymentOutcome {
  /** How long everything was asked again, between the approval and the first touch. */
  readonly recheckSeconds: number;
}

/**
 * Asks for the approval where there is none, previews afresh, refuses by name whatever differs from what was approved, then deploys.
 * With `options.stacks` it is one leg of several that share the promotion; the last leg to end says how the promotion ended.
 * @param approver asked when the ledger has no approval yet; without one, a missing approval ends with `approval-needed`.
 * @throws DeliveryError `approval-needed`, `refused` (recorded), `interrupted`.
 */
export async function promote(
  delivery: Delivery,
  promotionId: string,
  options: DeliveryOptions & { readonly approver?: Approver | undefined } = {},
): Promise<PromotionOutcome> {
  const facts = await delivery.ledger.facts();
  const promotion = preparedPromotion(facts, promotionId);
  const manifest = findRelease(facts, promotion.release);
  if (approvalOf(facts, promotionId) === undefined) {
    await askForApproval(delivery, promotion, manifest, options.approver);
  }
  const recheckSeconds = await start(delivery, promotion, manifest, options);
  const { stacks, signal } = options;
  // The plans that were approved show what is taken away, and start only where they still hold.
  const mayReplace = promotion.body.replace !== undefined;
  const road = { onTargetFailure: delivery.policy.promotions.onTargetFailure, watch: true, share: true, mayReplace };
  const stops = stopsOf(delivery, promotion);
  const outcome = await deployRelease(delivery, manifest, promotion.environment, { stacks, signal, stops, ...road });
  const all = await withSiblings(delivery, promotion, manifest, outcome, options);
  await finish(delivery, promotion);
  return { ...all, recheckSeconds };
}

async function askForApproval(
  delivery: Delivery,
  promotion: Promotion,
  manifest: ReleaseManifest,
  approver: Approver | undefined,
): Promise<void> {
  const id = promotion.body.promotion;
  const decision = await approver?.decide(promotion, manifest);
  if (decision === undefined) {
    throw new DeliveryError(
      'approval-needed',
      `${id} waits for an approval of ${promotion.release} in ${promotion.environment}`,
      {
        hint: `someone else than its authors: npx trireme approve ${id}; then: npx trireme promote --promotion ${id}`,
      },
    );
  }
  await approvePromotion(delivery, id, decision.actor, { url: decision.url });
}

/** Whatever held when it was approved must hold now, and still when `started` is written. @returns how many seconds asking took. */
async function start(
  delivery: Delivery,
  promotion: Promotion,
  manifest: ReleaseManifest,
  options: DeliveryOptions,
): Promise<number> {
  const beganMs = delivery.clock.now();
  const judge = await recheck(delivery, promotion, manifest, options);
  const before = judge(await delivery.ledger.facts());
  if (before.length > 0) return refuse(delivery, promotion, manifest, options, before);
  const lateFaults: Fault[] = [];
  await delivery.ledger.append((facts) => {
    lateFaults.splice(0, lateFaults.length, ...judge(facts));
    const started = promotionState(facts, promotion.body.promotion) === 'started';
    return lateFaults.length > 0 || started ? [] : [next(delivery, promotion, 'started')];
  });
  if (lateFaults.length > 0) await refuse(delivery, promotion, manifest, options, lateFaults);
  return (delivery.clock.now() - beganMs) / 1000;
}

/** A refused leg of a promotion that other legs have started ends it as failed: they may have touched their stacks. */
async function refuse(
  delivery: Delivery,
  promotion: Promotion,
  manifest: ReleaseManifest,
  options: DeliveryOptions,
  faults: readonly Fault[],
): Promise<never> {
  const id = promotion.body.promotion;
  const reason = faults.map((fault) => fault.reason).join('; ');
  const names = targetsIn(delivery, promotion.environment, options.stacks)
    .map(({ stack }) => stack.name)
    .join(', ');
  let before: PromotionState = 'prepared';
  await delivery.ledger.append((facts) => {
    before = promotionState(facts, id);
    if (before === 'prepared') return [next(delivery, promotion, 'refused', reason)];
    return before === 'started' ? [next(delivery, promotion, 'failed', `${names} refused: ${reason}`)] : [];
  });
  const untouched = before === 'prepared';
  const touched = untouched ? 'was refused, nothing was touched' : `was refused on ${names}, which was not touched`;
  const anew = untouched ? await prepareAnew(delivery, promotion, manifest, options, faults) : undefined;
  throw new DeliveryError('refused', `${id} ${touched}: ${reason}${anew?.said ?? ''}`, {
    hint: anew?.hint ?? `prepare it again: npx trireme promote --release ${promotion.release}`,
  });
}

/** Asked again in the moment each stack is touched: it may have waited, for its turn at the stack say, while somebody said stop. */
function stopsOf({ policy, clock }: Delivery, promotion: Promotion): NonNullable<Road['stops']> {
  const { environment, release, body } = promotion;
  return (facts) => {
    const state = promotionState(facts, body.promotion);
    if (state !== 'started') return `promotion ${body.promotion} is ${state}`;
    const other = overtakenBy(facts, promotion);
    if (other !== undefined) return `a ${other.kind} by ${other.actor.login} at ${other.at} came between`;
    const reasons = stopReasons({ facts, policy, environment, release, nowMs: clock.now() });
    return reasons.length === 0 ? undefined : reasons.join('; ');
  };
}

/** `revert-all` across legs: this one takes its own stacks back when a sibling has failed by now; those that ended before, `finalise` names. */
async function withSiblings(
  delivery: Delivery,
  promotion: Promotion,
  manifest: ReleaseManifest,
  outcome: DeploymentOutcome,
  options: DeliveryOptions,
): Promise<DeploymentOutcome> {
  if (delivery.policy.promotions.onTargetFailure !== 'revert-all') return outcome;
  const failed = legsOf(await delivery.ledger.facts(), promotion).filter((leg) => hasFailed(stateOf(leg)));
  const names = failed.map(({ stack }) => stack);
  return { ...outcome, stacks: await takeBackAll(delivery, manifest, outcome.stacks, names, options) };
}

/** Written once, when every stack of the promotion has ended. */
async function finish(delivery: Delivery, promotion: Promotion): Promise<void> {
  await persist(delivery, (facts) => {
    const legs = legsOf(facts, promotion);
    const running = legs.some(({ stands }) => stands !== 'ended');
    if (running || promotionState(facts, promotion.body.promotion) !== 'started') return [];
    return [endOf(delivery, promotion, faultOf(legs))];
  });
}

function next(delivery: Delivery, promotion: Promotion, state: Promotion['body']['state'], reason?: string): NewFact {
  const { environment, release } = promotion;
  // The preview's hash says which one it was; its text stands in the fact that prepared it, once.
  const { previewDocument: _, ...body } = promotion.body;
  return {
    ...stamp(delivery),
    kind: 'promotion',
    environment,
    release,
    body: { ...body, state, ...(reason === undefined ? {} : { reason }) },
  };
}
