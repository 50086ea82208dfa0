// A share of the traffic: what a candidate gets before it gets all, and how it loses it when it is bad. The release before it stays live throughout.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Traffic } from '../contract/ports.ts';
import { releaseIdOf } from '../contract/release.ts';
import { type Attempt, deploymentFact, GivesWay, note, noteProof, type Proof, say, settle } from './attempt.ts';
import { persist, proverFor, type StackOutcome } from './delivery.ts';
import { overtaking } from './environment-state.ts';
import { deployTwice, proveTwice, rejected, stage, stageInWords } from './stage.ts';
import { watchShare } from './watching.ts';

/** Of a hundred requests; `undefined` where there is no share: by the runtime, the road or the policy. */
export function sharePercent({ delivery, target, road }: Attempt): number | undefined {
  const able = road.share === true && proverFor(delivery, target).runtime.share.value;
  return able ? delivery.policy.promotions.share?.percent : undefined;
}

/** Gives the candidate its share, proves that it has it and no more, and watches what people meet there. */
export async function shareTraffic(attempt: Attempt, before: Traffic | undefined): Promise<Proof> {
  const where = { stage: 'share', sharePercent: sharePercent(attempt) } as const;
  // Strictly before it happens: who finds a job dead must know that people may be asking the candidate.
  await persist(attempt.delivery, () => [
    deploymentFact(attempt, 'updating', { ...where, reason: stageInWords(where) }),
  ]);
  const shared = await stage(attempt, where);
  return shared.outcome === 'passed' ? watchShare(attempt, shared, before) : shared;
}

/** Why nobody can tell, and what is left behind. */
export function leftSharing(attempt: Attempt, { reason }: Proof): string {
  const { environment } = attempt.target.stack;
  return `with ${sharePercent(attempt)} % of the traffic: ${reason}; take it back: npx trireme recover --environment ${environment}`;
}

/** Whatever the policy says of releases that failed: this one never took the place of another, so there is nothing to leave as it is. */
export async function takeShareBack(attempt: Attempt, bad: Proof): Promise<StackOutcome> {
  const { delivery, target } = attempt;
  const why = `with ${sharePercent(attempt)} % of the traffic: ${bad.reason}`;
  const other = overtaking(await delivery.ledger.facts(), target.stack.name, attempt.attempt);
  if (other !== undefined) {
    return settle(attempt, 'skipped', bad, `${why}; overtaken by ${other}, which is left as it is`, other);
  }
  say(attempt, `failed: ${why}; taking its share back`);
  const problem = await withdraw(attempt);
  if (problem !== undefined) {
    return settle(attempt, 'revert-failed', bad, `${why}; its share could not be taken back: ${problem}`);
  }
  return untouched(attempt, bad, why);
}

/** None of the traffic for the candidate, all of it for what was live. @returns what was in the way. */
export async function withdraw(attempt: Attempt): Promise<string | undefined> {
  try {
    const result = await deployTwice(attempt, attempt.manifest, { stage: 'candidate' });
    return result.outcome === 'rejected' ? rejected(result).reason : undefined;
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted' || error instanceof GivesWay) throw error;
    return error.message;
  }
}

/** The candidate failed beside what is live: production must still run what it ran, and that is proven, not assumed. */
export async function untouched(attempt: Attempt, candidate: Proof, why: string): Promise<StackOutcome> {
  const { delivery, target, before, replaced } = attempt;
  await note(attempt, 'failed', { reason: why });
  if (replaced === undefined || before === undefined) return settle(attempt, 'failed', candidate, why);
  const baseline = await proverFor(delivery, target).baseline(undefined);
  const still = await proveTwice(attempt, replaced, before, 'live', baseline);
  if (still.outcome === 'passed') await noteProof(attempt, replaced, still);
  return still.outcome === 'passed'
    ? settle(
        attempt,
        'reverted',
        candidate,
        `${why}; production was never touched and still runs ${releaseIdOf(replaced)}`,
      )
    : settle(attempt, 'revert-failed', candidate, `${why}; production was not touched, but ${still.reason}`);
}

/** The word of an attempt by which its candidate may still have a share: it was to get one, and neither lost it nor got all since. Pure. */
export function shareLeft(facts: readonly Fact[], attempt: string): FactOf<'deployment'> | undefined {
  const words = facts.filter(
    (fact): fact is FactOf<'deployment'> => fact.kind === 'deployment' && fact.body.attempt === attempt,
  );
  const staged = words.findLast(({ body }) => body.stage !== undefined);
  const ended = words.at(-1)?.body.state;
  return staged?.body.stage === 'share' && ended !== 'healthy' && ended !== 'reverted' ? staged : undefined;
}
