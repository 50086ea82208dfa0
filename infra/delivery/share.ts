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
  attempt.cloud.sharing = true;
  const shared = await stage(attempt, where);
  return shared.outcome === 'passed' ? watchShare(attempt, shared, before) : shared;
}

/** Real time: who pressed Ctrl-C still waits. */
const takeBackSeconds = 300;

/**
 * Nobody can tell how the candidate fares, or nobody waits for it any more. What was live was never replaced, so taking the share back is
 * always safe, and is not left for a person to do.
 * @returns why, and what became of the share.
 * @throws GivesWay where another attempt has the stack; DeliveryError `interrupted`, and then it can be called once more.
 */
export async function endShare(attempt: Attempt, why: string | undefined): Promise<string> {
  const told = `with ${sharePercent(attempt)} % of the traffic: ${why}`;
  say(attempt, `${told}; taking its share back`);
  const problem = await withdrawInTime(attempt);
  if (problem !== undefined) {
    const way = `npx trireme recover --environment ${attempt.target.stack.environment}`;
    return `${told}; its share could not be taken back: ${problem}; take it back: ${way}`;
  }
  // By this word nobody takes it back a second time.
  await note(attempt, 'proving', { stage: 'candidate', reason: 'its share was taken back' });
  return `${told}; its share was taken back, and what was live was never replaced`;
}

/** A signal that was given already is what began this, and stops it no more. */
async function withdrawInTime(attempt: Attempt): Promise<string | undefined> {
  const limit = AbortSignal.timeout(takeBackSeconds * 1000);
  const asked = attempt.signal?.aborted === true ? undefined : attempt.signal;
  try {
    return await withdraw({ ...attempt, signal: asked === undefined ? limit : AbortSignal.any([asked, limit]) });
  } catch (error) {
    if (!limit.aborted || asked?.aborted === true || error instanceof GivesWay) throw error;
    return `it took longer than ${takeBackSeconds} s`;
  }
}

/** Whatever the policy says of releases that failed: this one never took the place of another, so there is nothing to leave as it is. */
export async function takeShareBack(attempt: Attempt, bad: Proof): Promise<StackOutcome> {
  const { delivery, target, cloud } = attempt;
  cloud.sharing = true;
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
    if (result.outcome === 'rejected') return rejected(result).reason;
    attempt.cloud.sharing = false;
    return undefined;
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
