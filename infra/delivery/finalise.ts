// The end of a promotion whose legs were jobs of their own: what each left in the ledger, merged; a leg without an end is unknown, never a success.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, NewFact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { StackName } from '../contract/stack.ts';
import { type Check, outcomeOf, reasonOf } from '../contract/verification.ts';
import { indexOf, onStack } from '../ledger/index-of.ts';
import { currentReleases } from '../ledger/view.ts';
import { noteVerification } from './attempt.ts';
import { type Delivery, type DeliveryOptions, persist, type StackOutcome, stamp } from './delivery.ts';
import { type DeploymentOutcome, parityOf } from './deploy.ts';
import { parityAttempt, stackTruth, stateInWords } from './environment-state.ts';
import { checkGoldenPredictions } from './http-checks.ts';
import { faultOf, hasFailed, type Leg, legsOf, stateOf } from './legs.ts';
import {
  overtakenBy,
  type Promotion,
  type PromotionState,
  preparedPromotion,
  promotionState,
} from './promotion-state.ts';
import { findRelease } from './stack-state.ts';
import { takeBackAll } from './take-back.ts';

/** No engine and no credentials of a cloud: the ledger, the public endpoints, and the golden inputs where a registry gives them. */
export type FinaliseDelivery = Pick<
  Delivery,
  'ledger' | 'clock' | 'actor' | 'policy' | 'stacks' | 'goldens' | 'fetch' | 'report'
>;

export interface Finalised extends DeploymentOutcome {
  readonly promotion: string;
  readonly state: PromotionState;
  /** Why it did not succeed. */
  readonly reason?: string;
  /** Whether the clouds answer alike: `undefined` where there were no two to compare. */
  readonly parity?: Check | undefined;
  /**
   * Where policy.yaml says `revert-all`: the stacks that still run a release which failed on another one, because their legs had ended before
   * the ledger knew. The environment is split until `takeBackPromotion`; each leg has the credentials of its own cloud only.
   */
  readonly left: readonly StackName[];
}

/** Why a promotion that still waits will not start any more, where somebody said no outside of the ledger; `undefined`: nobody did. */
export type AskRefusal = (
  promotion: Promotion,
) => Promise<{ readonly reason: string; readonly login?: string } | undefined>;

/**
 * May be asked again: an end that is written stays, the summary is told anew.
 * @param askRefusal asked of a promotion that never started; one that was refused ends so, in the name of who said no.
 * @throws DeliveryError `usage`, `approval-needed`, `refused`.
 */
export async function finalisePromotion(
  delivery: FinaliseDelivery,
  id: string,
  askRefusal: AskRefusal = async () => undefined,
): Promise<Finalised> {
  const read = await delivery.ledger.facts();
  const promotion = preparedPromotion(read, id);
  const refusal = promotionState(read, id) === 'prepared' ? await askRefusal(promotion) : undefined;
  if (refusal !== undefined) {
    await persist(delivery, (facts) =>
      promotionState(facts, id) === 'prepared' ? [refusedBy(delivery, promotion, refusal)] : [],
    );
  }
  const before = refusal === undefined ? read : await delivery.ledger.facts();
  assertStarted(before, promotion);
  await markSilent(delivery, promotion);
  const manifest = findRelease(before, promotion.release);
  const parity = await compare(delivery, manifest, promotion);
  await persist(delivery, (facts) => {
    if (promotionState(facts, id) !== 'started') return [];
    const reason = faultOf(legsOf(facts, promotion));
    return [endOf(delivery, promotion, reason)];
  });
  const facts = await delivery.ledger.facts();
  const end = facts.findLast((fact) => fact.kind === 'promotion' && fact.body.promotion === id);
  const reason = end?.kind === 'promotion' ? end.body.reason : undefined;
  const stacks = legsOf(facts, promotion).map((leg) => outcomeOfLeg(facts, leg));
  return {
    promotion: id,
    state: promotionState(facts, id),
    release: promotion.release,
    environment: promotion.environment,
    stacks,
    ...(reason === undefined ? {} : { reason }),
    parity: parity.values().next().value,
    left: overtakenBy(facts, promotion) === undefined ? leftLive(delivery, promotion.release, stacks) : [],
  };
}

function leftLive({ policy }: FinaliseDelivery, release: string, stacks: readonly StackOutcome[]): StackName[] {
  if (policy.promotions.onTargetFailure !== 'revert-all' || failedOf(stacks).length === 0) return [];
  return stacks.filter(({ runs }) => runs === release).map(({ stack }) => stack);
}

function failedOf(stacks: readonly StackOutcome[]): readonly StackName[] {
  return stacks.filter(({ state }) => hasFailed(state)).map(({ stack }) => stack);
}

/** Takes back what `finalisePromotion` found `left`. Needs the clouds; once another promotion or a rollback has begun, nothing is its to take. */
export async function takeBackPromotion(
  delivery: Delivery,
  ended: Finalised,
  { stacks: only, signal }: DeliveryOptions = {},
): Promise<Finalised> {
  const isMeant = ({ stack }: StackOutcome) => ended.left.includes(stack) && only?.includes(stack) !== false;
  const facts = await delivery.ledger.facts();
  const promotion = preparedPromotion(facts, ended.promotion);
  const manifest = findRelease(facts, ended.release);
  const stops = (current: readonly Fact[]) => overtakenBy(current, promotion)?.kind;
  const taken = await takeBackAll(delivery, manifest, ended.stacks.filter(isMeant), failedOf(ended.stacks), {
    signal,
    stops,
  });
  const stacks = ended.stacks.map((outcome) => taken.find(({ stack }) => stack === outcome.stack) ?? outcome);
  return { ...ended, stacks, left: leftLive(delivery, ended.release, stacks) };
}

/** The fact that ends a promotion. */
export function endOf(
  delivery: Pick<Delivery, 'clock' | 'actor'>,
  { environment, release, body: { previewDocument: _, ...body } }: Promotion,
  reason: string | undefined,
): NewFact {
  const ended = reason === undefined ? { state: 'succeeded' as const } : { state: 'failed' as const, reason };
  return { ...stamp(delivery), kind: 'promotion', environment, release, body: { ...body, ...ended } };
}

function refusedBy(
  delivery: FinaliseDelivery,
  { environment, release, body: { previewDocument: _, ...body } }: Promotion,
  { reason, login }: NonNullable<Awaited<ReturnType<AskRefusal>>>,
): NewFact {
  const { at, actor } = stamp(delivery);
  const who = login === undefined ? actor : { login, via: 'github' as const };
  return { at, actor: who, kind: 'promotion', environment, release, body: { ...body, state: 'refused', reason } };
}

function assertStarted(facts: readonly Fact[], { release, environment, body: { promotion } }: Promotion): void {
  const state = promotionState(facts, promotion);
  if (state === 'prepared') {
    throw new DeliveryError('approval-needed', `${promotion} of ${release} never started in ${environment}`, {
      hint: `npx trireme approve ${promotion}; then: npx trireme promote --promotion ${promotion}`,
    });
  }
  if (state === 'refused' || state === 'superseded') {
    const end = indexOf(facts).promotions.get(promotion)?.states.at(-1);
    const why = end?.body.reason === undefined ? '' : `: ${end.body.reason}`;
    throw new DeliveryError('refused', `${promotion} of ${release} was ${state}, nothing was touched${why}`, {
      hint: `prepare it again: npx trireme promote --release ${release}`,
    });
  }
}

/** A leg that is alive after all says so with its next word, which then counts. */
async function markSilent(delivery: FinaliseDelivery, promotion: Promotion): Promise<void> {
  const said = new Set<string>();
  await persist(delivery, (facts) =>
    legsOf(facts, promotion).flatMap(({ stands, last }): NewFact[] => {
      if (stands !== 'silent' || last === undefined) return [];
      const reason = `its job ended without a word while ${stateInWords(last.body)}`;
      if (!said.has(last.stack)) delivery.report({ stack: last.stack, message: `unknown: ${reason}` });
      said.add(last.stack);
      const { environment, stack, release } = last;
      const { attempt, replaced } = last.body;
      const body = { attempt, replaced, state: 'unknown' as const, reason };
      return [{ ...stamp(delivery), kind: 'deployment', environment, stack, release, body }];
    }),
  );
}

/** The stacks that run it are asked the golden inputs, and compared. What differs stays live: nobody can tell which cloud is the wrong one. */
async function compare(
  delivery: FinaliseDelivery,
  manifest: ReleaseManifest,
  { environment }: Promotion,
): Promise<ReadonlyMap<StackName, Check>> {
  const facts = await delivery.ledger.facts();
  const release = releaseIdOf(manifest);
  const live = delivery.stacks.flatMap((target) => {
    const endpoint = currentReleases(facts).get(target.stack.name)?.endpoint;
    const here = target.stack.environment === environment && stackTruth(facts, target.stack.name).runs === release;
    return here && endpoint !== undefined ? [{ target, endpoint }] : [];
  });
  const model = manifest.models[0];
  if (live.length < 2 || model === undefined) return new Map();
  const golden = await goldenOf(delivery, manifest, live.map(({ target }) => target.stack.cloud)[0]);
  if (golden === undefined) return new Map();
  const asking = { fetch: delivery.fetch, clock: delivery.clock, everyMs: 1_000, forMs: 10_000 };
  const answers = await Promise.all(
    live.map(async ({ target: { stack }, endpoint }) => {
      const { predictions } = await checkGoldenPredictions(asking, endpoint, model, golden.golden);
      return { stack: stack.name, endpoint, ...(predictions === undefined ? {} : { predictions }) };
    }),
  );
  const checks = await parityOf(delivery, manifest, answers);
  for (const { target } of live) {
    const check = checks.get(target.stack.name);
    if (check === undefined) continue;
    // Beside what was found there before: that clouds answer alike takes nothing of it back.
    const [newest] = indexOf(facts).verifications.get(onStack(target.stack.name, release)) ?? [];
    const others = (newest?.body.checks ?? []).filter(({ name }) => name !== check.name);
    await noteVerification(delivery, target, manifest, { checks: [...others, check] });
    if (outcomeOf([check]) !== 'failed') continue;
    const body = {
      attempt: parityAttempt,
      state: 'failed' as const,
      replaced: null,
      reason: `${reasonOf([check])}; it stays live: npx trireme rollback`,
    };
    await persist(delivery, () => [
      { ...stamp(delivery), kind: 'deployment', environment, stack: target.stack.name, release, body },
    ]);
  }
  return checks;
}

async function goldenOf(
  delivery: FinaliseDelivery,
  manifest: ReleaseManifest,
  cloud: (typeof manifest.image.copies)[number]['cloud'] | undefined,
) {
  if (cloud === undefined) return undefined;
  try {
    const [first] = await delivery.goldens.read(manifest, cloud);
    return first;
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    delivery.report({ message: `the clouds were not compared: ${error.message}` });
    return undefined;
  }
}

function outcomeOfLeg(facts: readonly Fact[], leg: Leg): StackOutcome {
  const { stack, last } = leg;
  const reason = last === undefined ? 'its leg never began: nothing was touched' : last.body.reason;
  const endpoint = currentReleases(facts).get(stack)?.endpoint;
  return {
    stack,
    state: stateOf(leg),
    seconds: last?.body.seconds ?? 0,
    checks: [],
    runs: stackTruth(facts, stack).runs,
    ...(reason === undefined ? {} : { reason }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
