// Preparing a promotion: the rule is asked, every stack previewed, and what was found written down for a person to approve.
import { canonicalJson, sha256 } from '../contract/canonical.ts';
import type { Fact, NewFact } from '../contract/fact.ts';
import type { Plan } from '../contract/plan.ts';
import { manifestHash, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import { type Delivery, type DeliveryOptions, stamp, targetsIn } from './delivery.ts';
import { assertMayEnter } from './promotion-rule.ts';
import { type Promotion, preparedPromotion, waitingPromotions } from './promotion-state.ts';
import { previewAll, previousOf, surveyOf } from './situation.ts';

export interface PreparedPromotion {
  readonly promotion: Promotion;
  readonly manifest: ReleaseManifest;
  readonly plans: readonly Plan[];
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
  options: Pick<DeliveryOptions, 'signal'> = {},
): Promise<PreparedPromotion> {
  const survey = await surveyOf(delivery, manifest, environment);
  assertMayEnter({ ...survey, facts: await delivery.ledger.facts() });
  const targets = targetsIn(delivery, environment);
  const plans = await previewAll(delivery, manifest, targets, options.signal);
  const own = stamp(delivery);
  const named = {
    release: releaseIdOf(manifest),
    environment,
    at: own.at,
    plans: plans.map((plan) => plan.fingerprint),
  };
  const id = `prm-${sha256(canonicalJson(named)).slice(0, 10)}`;
  const facts = await delivery.ledger.append((current) => {
    assertMayEnter({ ...survey, facts: current });
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
        plans: Object.fromEntries(plans.map(({ stack, fingerprint, changes }) => [stack, { fingerprint, changes }])),
        previous,
        manifest: manifestHash(manifest),
        requestedBy: delivery.actor.login,
      },
    };
  }
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
