// Preparing a promotion: the rule is asked, every stack previewed, and what was found written down for a person to approve.
import { canonicalJson, sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, NewFact } from '../contract/fact.ts';
import type { Plan } from '../contract/plan.ts';
import { manifestHash, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { refusedReplacement, replacementLines } from '../contract/replacement.ts';
import type { Environment } from '../contract/stack.ts';
import { type Delivery, type DeliveryOptions, stamp, targetsIn } from './delivery.ts';
import { mostlyRunning, previewPredictions } from './prediction-preview.ts';
import { assertMayEnter } from './promotion-rule.ts';
import { type Promotion, preparedPromotion, underWay, waitingPromotions } from './promotion-state.ts';
import { previewAll, previousOf, surveyOf } from './situation.ts';

export interface PreparedPromotion {
  readonly promotion: Promotion;
  readonly manifest: ReleaseManifest;
  readonly plans: readonly Plan[];
}

export interface PreparationOptions extends Pick<DeliveryOptions, 'signal'> {
  /** Why it may enter although the environment is split or unknown. */
  readonly override?: string | undefined;
  /** Why what answers requests may be taken away. */
  readonly replace?: string | undefined;
  /** Who asked for it, where that is not who prepares it: a promotion made anew is still asked for by the same person. */
  readonly requestedBy?: string | undefined;
}

/**
 * Asks whether the release may enter, previews all stacks of the environment in parallel and appends the promotion as `prepared`.
 * Promotions that still wait there are superseded in the same append.
 * @throws DeliveryError `refused` with every reason; nothing is recorded then.
 */
export async function preparePromotion(
  delivery: Delivery,
  manifest: ReleaseManifest,
  environment: Environment,
  options: PreparationOptions = {},
): Promise<PreparedPromotion> {
  const { override, replace } = options;
  const survey = await surveyOf(delivery, manifest, environment);
  const assertReady = (facts: readonly Fact[]) => {
    const nowMs = delivery.clock.now();
    assertNothingUnderWay(facts, environment, nowMs);
    assertMayEnter({ ...survey, facts, nowMs, override });
  };
  const before = await delivery.ledger.facts();
  assertReady(before);
  const targets = targetsIn(delivery, environment);
  const ran = previousOf(before, targets, survey.deployed);
  const [plans, predictions] = await Promise.all([
    previewAll(delivery, manifest, targets, options.signal),
    previewPredictions(delivery, before, ran, manifest, options),
  ]);
  const taken = replacementLines(plans);
  if (taken.length > 0 && replace === undefined) throw refusedReplacement(taken, environment);
  const own = stamp(delivery);
  const named = {
    release: releaseIdOf(manifest),
    environment,
    at: own.at,
    plans: plans.map((plan) => plan.fingerprint),
  };
  const id = `prm-${sha256(canonicalJson(named)).slice(0, 10)}`;
  const facts = await delivery.ledger.append((current) => {
    assertReady(current);
    const previous = previousOf(current, targets, survey.deployed);
    return [...superseding(delivery, current, environment, id), prepared(previous)];
  });
  const promotion = preparedPromotion(facts, id);
  return { promotion, manifest, plans };

  function prepared(previous: Record<string, string | null>): NewFact {
    return {
      ...own,
      kind: 'promotion',
      environment,
      release: named.release,
      body: {
        state: 'prepared',
        promotion: id,
        plans: Object.fromEntries(plans.map(({ stack, ...plan }) => [stack, plan])),
        previous,
        manifest: manifestHash(manifest),
        requestedBy: options.requestedBy ?? delivery.actor.login,
        ...(mostlyRunning(previous) === mostlyRunning(ran)
          ? predictions
          : { noPreview: 'what runs there changed while predictions were compared' }),
        ...(override === undefined ? {} : { override }),
        ...(taken.length === 0 || replace === undefined ? {} : { replace }),
      },
    };
  }
}

/** Whatever it shows would be over by the time somebody approves it: the one that goes on changes the environment. */
function assertNothingUnderWay(facts: readonly Fact[], environment: Environment, nowMs: number): void {
  const other = underWay(facts, { environment, body: { promotion: 'none yet' } }, nowMs);
  if (other === undefined) return;
  const { promotion } = other.body;
  throw new DeliveryError('refused', `${promotion} of ${other.release} is being carried out in ${environment}`, {
    hint: `let it end; where its jobs were lost, carry on: npx trireme promote --promotion ${promotion}`,
  });
}

/** One promotion waits in an environment at a time: the newest. */
function superseding(delivery: Delivery, facts: readonly Fact[], environment: Environment, by: string): NewFact[] {
  return waitingPromotions(facts, environment).map((waiting) => ({
    ...stamp(delivery),
    kind: 'superseded',
    environment,
    release: waiting.release,
    body: { promotion: waiting.body.promotion, reason: `${by} was prepared after it` },
  }));
}
