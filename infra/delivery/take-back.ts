// `revert-all`: when one stack did not take a release, those that did go back too, by the same road and the same proof.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { StackName } from '../contract/stack.ts';
import { type Attempt, deploymentFact, GivesWay, type Proof, settle } from './attempt.ts';
import { type Delivery, type DeliveryOptions, persist, type Road, type StackOutcome } from './delivery.ts';
import { stackTruth } from './environment-state.ts';
import { putBack } from './go-back.ts';
import { settleAll } from './settle.ts';
import { findRelease, newestTry } from './stack-state.ts';

export interface TakeBackOptions extends Pick<DeliveryOptions, 'signal'> {
  /** Why it is nobody's to take back any more, by the ledger as it is when it begins. Pure. */
  readonly stops?: Road['stops'] | undefined;
}

/**
 * Takes the release back from those of `outcomes` that run it. @param failed the stacks on which it failed, for the reason.
 * @returns the outcomes, with `reverted` or `revert-failed` where it was taken back.
 */
export async function takeBackAll(
  delivery: Delivery,
  manifest: ReleaseManifest,
  outcomes: readonly StackOutcome[],
  failed: readonly StackName[],
  options: TakeBackOptions = {},
): Promise<readonly StackOutcome[]> {
  if (failed.length === 0) return outcomes;
  const why = `it failed on ${failed.join(', ')}, and policy.yaml says revert-all`;
  return settleAll(outcomes.map((outcome) => takeBack(delivery, manifest, outcome, why, options)));
}

async function takeBack(
  delivery: Delivery,
  manifest: ReleaseManifest,
  outcome: StackOutcome,
  why: string,
  { signal, stops }: TakeBackOptions,
): Promise<StackOutcome> {
  const release = releaseIdOf(manifest);
  const target = delivery.stacks.find(({ stack }) => stack.name === outcome.stack);
  const facts = await delivery.ledger.facts();
  if (target === undefined || stackTruth(facts, outcome.stack).runs !== release) return outcome;
  const replaced = beforeIt(facts, outcome.stack, release);
  if (replaced === undefined) {
    return { ...outcome, reason: `${why}; nothing ran here before that it could go back to, so it stays` };
  }
  const attempt: Attempt = {
    delivery,
    target,
    manifest,
    attempt: delivery.newId(),
    road: {},
    replaced,
    before: undefined,
    startedMs: delivery.clock.now(),
    cloud: { touched: false },
    signal,
  };
  const bad: Proof = { checks: outcome.checks, outcome: 'failed', reason: why };
  try {
    let stillThere = false;
    await persist(delivery, (current) => {
      stillThere = stackTruth(current, outcome.stack).runs === release && stops?.(current) === undefined;
      return stillThere ? [deploymentFact(attempt, 'updating', { reason: why })] : [];
    });
    if (!stillThere) return outcome;
    return await putBack(attempt, replaced, bad);
  } catch (error) {
    // Nothing was put back, and what runs is not for this attempt to say.
    if (error instanceof GivesWay)
      return { ...(await settle(attempt, 'skipped', bad, error.message, error.by)), runs: null };
    if (!(error instanceof DeliveryError)) throw error;
    if (error.code !== 'interrupted' && attempt.cloud.touched) return settle(attempt, 'unknown', bad, error.message);
    if (error.code === 'interrupted') await settle(attempt, 'unknown', bad, 'interrupted');
    throw error;
  }
}

/** What that release replaced when it was put there; `undefined` on a first deployment, and where it ran before already. */
function beforeIt(facts: readonly Fact[], stack: StackName, release: string): ReleaseManifest | undefined {
  const replaced = newestTry(facts, stack, release)?.body.replaced;
  return replaced === undefined || replaced === null || replaced === release ? undefined : findRelease(facts, replaced);
}
