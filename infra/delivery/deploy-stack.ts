// One release onto one stack, proven: what happens between the first and the last fact of one attempt.
import { DeliveryError } from '../contract/errors.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import { type Attempt, note, noteVerification, type Proof, say, settle } from './attempt.ts';
import { type Delivery, proverFor, type StackOutcome, type Target } from './delivery.ts';
import { findRelease, lastDeployment, replacedBy } from './stack-state.ts';
import { baselineFor, deployTwice, proveTwice, rejected, stage } from './stage.ts';

/**
 * Deploys, proves, and on failure puts back what ran before. Records every step; never throws for a bad service.
 * @throws DeliveryError `interrupted` after recording `unknown`, and bugs.
 */
export async function deployStack(
  delivery: Delivery,
  target: Target,
  manifest: ReleaseManifest,
  signal?: AbortSignal,
): Promise<StackOutcome> {
  const common = { delivery, target, manifest, attempt: delivery.newId(), startedMs: delivery.clock.now(), signal };
  const before = await deployedOn(delivery, target);
  if (before instanceof DeliveryError) {
    return settle({ ...common, before: undefined, replaced: undefined }, 'skipped', nothing, toldWhole(before));
  }
  const facts = await delivery.ledger.facts();
  const replacedId = replacedBy(facts, target.stack.name, before?.release.releaseId);
  const replaced = replacedId === null ? undefined : findRelease(facts, replacedId);
  const attempt: Attempt = { ...common, replaced, before };
  await note(attempt, 'updating');
  try {
    return await proveThenGoLive(attempt);
  } catch (error) {
    return await lost(attempt, error);
  }
}

/** An error here stops this stack alone: nothing was touched, its siblings go on. */
async function deployedOn(delivery: Delivery, target: Target): Promise<DeployedService | undefined | DeliveryError> {
  try {
    return await delivery.deployer.deployed(target.stack);
  } catch (error) {
    if (error instanceof DeliveryError && error.code !== 'interrupted') return error;
    throw error;
  }
}

async function proveThenGoLive(attempt: Attempt): Promise<StackOutcome> {
  if (provesInSlot(attempt)) {
    const candidate = await stage(attempt, 'candidate');
    if (candidate.outcome === 'failed') return neverTouched(attempt, candidate);
    if (candidate.outcome === 'errored') {
      return settle(attempt, 'unknown', candidate, `in its slot: ${candidate.reason}; production was not touched`);
    }
  }
  const live = await stage(attempt, 'live');
  switch (live.outcome) {
    case 'passed':
      return settle(attempt, 'healthy', live);
    case 'failed':
      return goBack(attempt, live);
    case 'errored':
      return settle(attempt, 'unknown', live, live.reason);
  }
}

/** In prod a candidate is proven beside the live release where the runtime can hold both. */
function provesInSlot({ delivery, target, before }: Attempt): boolean {
  return proverFor(delivery, target).runtime.slots.value && target.stack.environment === 'prod' && before !== undefined;
}

/** The candidate failed in its slot: production must still run what it ran, and that is proven, not assumed. */
async function neverTouched(attempt: Attempt, candidate: Proof): Promise<StackOutcome> {
  const { delivery, target, before, replaced } = attempt;
  const why = `in its slot: ${candidate.reason}`;
  await note(attempt, 'failed', { reason: why });
  if (replaced === undefined || before === undefined) return settle(attempt, 'failed', candidate, why);
  const baseline = await proverFor(delivery, target).baseline(undefined);
  const still = await proveTwice(attempt, replaced, before, 'live', baseline);
  await noteVerification(delivery, target, replaced, still);
  return still.outcome === 'passed'
    ? settle(
        attempt,
        'reverted',
        candidate,
        `${why}; production was never touched and still runs ${releaseIdOf(replaced)}`,
      )
    : settle(attempt, 'revert-failed', candidate, `${why}; production was not touched, but ${still.reason}`);
}

/** Puts back what ran before, by the same road and the same proof. */
async function goBack(attempt: Attempt, bad: Proof): Promise<StackOutcome> {
  const { delivery, target, replaced } = attempt;
  const overtaking = await overtakenBy(attempt);
  if (overtaking !== undefined) {
    return settle(attempt, 'skipped', bad, `${bad.reason}; overtaken by ${overtaking}, which is left as it is`);
  }
  await note(attempt, 'failed', { reason: bad.reason });
  say(attempt, `failed: ${bad.reason}`);
  if (replaced === undefined) {
    return settle(
      attempt,
      'failed',
      bad,
      `${bad.reason}; nothing ran here before that it could go back to${firstTryAgain(attempt)}`,
    );
  }
  const earlier = releaseIdOf(replaced);
  say(attempt, `going back to ${earlier}`);
  const proof = await revert(attempt, replaced);
  await noteVerification(delivery, target, replaced, proof);
  return proof.outcome === 'passed'
    ? settle(attempt, 'reverted', bad, `${bad.reason}; runs ${earlier} again`)
    : settle(attempt, 'revert-failed', bad, `${bad.reason}; going back to ${earlier} failed: ${proof.reason}`);
}

/** A rollback, say, that put another release there in the meantime: going back would undo it. */
async function overtakenBy({ delivery, target, attempt }: Attempt): Promise<string | undefined> {
  const newest = lastDeployment(await delivery.ledger.facts(), target.stack.name);
  return newest === undefined || newest.body.attempt === attempt ? undefined : newest.release;
}

/** Where a service that could not be created takes no update, it has to go before the next try. */
function firstTryAgain({ delivery, target, before }: Attempt): string {
  const { failedCreate } = proverFor(delivery, target).runtime;
  return failedCreate.value === 'service-failed' && before === undefined
    ? `; before the next try: npx trireme destroy --stack ${target.stack.name}`
    : '';
}

async function revert(attempt: Attempt, replaced: ReleaseManifest): Promise<Proof> {
  try {
    const { deployer } = attempt.delivery;
    const now = await deployer.deployed(attempt.target.stack);
    const baseline = await baselineFor({ ...attempt, before: now }, replaced);
    const result = await deployTwice(attempt, replaced, 'live');
    if (result.outcome === 'rejected' || result.service === undefined) return rejected(result);
    return await proveTwice(attempt, replaced, result.service, 'live', baseline);
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    return { checks: [], outcome: 'errored', reason: error.message };
  }
}

const nothing: Proof = { checks: [], outcome: 'errored' };

/** With these nothing was begun. Any other may have come in the middle: a full disk, say, stops an update half-way. */
const beforeAnything: ReadonlySet<string> = new Set(['refused', 'config-invalid', 'cli-missing']);

/** Something stopped the attempt itself. What the stack runs is then unknown, never a success. */
async function lost(attempt: Attempt, error: unknown): Promise<StackOutcome> {
  const interrupted =
    attempt.signal?.aborted === true || (error instanceof DeliveryError && error.code === 'interrupted');
  if (interrupted) {
    await settle(attempt, 'unknown', nothing, 'interrupted');
    throw new DeliveryError('interrupted', `${attempt.target.stack.name}: interrupted`, { cause: error });
  }
  if (error instanceof DeliveryError) {
    return settle(attempt, beforeAnything.has(error.code) ? 'skipped' : 'unknown', nothing, toldWhole(error));
  }
  await settle(attempt, 'unknown', nothing, error instanceof Error ? error.message : String(error));
  throw error;
}

/** Nobody throws it any further: what to do must be in the reason. */
function toldWhole({ message, hint }: DeliveryError): string {
  return hint === undefined ? message : `${message} (${hint})`;
}
