// One release onto one stack, proven: what happens between the first and the last fact of one attempt.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import {
  type Attempt,
  beforeAnything,
  deploymentFact,
  GivesWay,
  isPassing,
  note,
  noteProof,
  type Proof,
  settle,
} from './attempt.ts';
import { type Delivery, persist, proverFor, type Road, type StackOutcome, type Target } from './delivery.ts';
import { goBack } from './go-back.ts';
import { findRelease, replacedBy } from './stack-state.ts';
import { proveTwice, stage } from './stage.ts';
import { trafficBefore, watchTraffic } from './watching.ts';

/**
 * Deploys, proves, watches, and on failure puts back what ran before. Records every step; never throws for a bad service.
 * @throws DeliveryError `interrupted` after recording `unknown`, and bugs.
 */
export async function deployStack(
  delivery: Delivery,
  target: Target,
  manifest: ReleaseManifest,
  road: Road,
  signal?: AbortSignal,
): Promise<StackOutcome> {
  const { clock } = delivery;
  const common = {
    delivery,
    target,
    manifest,
    road,
    attempt: delivery.newId(),
    startedMs: clock.now(),
    signal,
    cloud: { touched: false },
  };
  const before = await deployedOn(delivery, target);
  if (before instanceof DeliveryError) {
    return settle({ ...common, before: undefined, replaced: undefined }, 'skipped', nothing, toldWhole(before));
  }
  const begun = await begin({ ...common, before, replaced: undefined });
  if ('state' in begun) return begun;
  try {
    return await proveThenGoLive(begun);
  } catch (error) {
    return await lost(begun, error);
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

/** Nothing is touched before the ledger has heard of it; and what stops it is asked in that same moment. */
async function begin(unbegun: Attempt): Promise<Attempt | StackOutcome> {
  const { delivery, target, before, road } = unbegun;
  let attempt = unbegun;
  let stopped: string | undefined;
  try {
    await persist(delivery, (facts) => {
      stopped = road.stops?.(facts);
      attempt = { ...unbegun, replaced: replacedOn(facts, target, before) };
      return stopped === undefined ? [deploymentFact(attempt, 'updating')] : [];
    });
  } catch (error) {
    if (!isPassing(error)) throw error;
    return settle(attempt, 'skipped', nothing, `the ledger could not be written: ${toldWhole(error)}`);
  }
  return stopped === undefined ? attempt : settle(attempt, 'skipped', nothing, stopped);
}

function replacedOn(
  facts: readonly Fact[],
  { stack }: Target,
  before: DeployedService | undefined,
): ReleaseManifest | undefined {
  const replaced = replacedBy(facts, stack.name, before?.release.releaseId);
  return replaced === null ? undefined : findRelease(facts, replaced);
}

async function proveThenGoLive(attempt: Attempt): Promise<StackOutcome> {
  if (provesInSlot(attempt)) {
    const candidate = await stage(attempt, 'candidate');
    if (candidate.outcome === 'failed') return neverTouched(attempt, candidate);
    if (candidate.outcome === 'errored') {
      return settle(attempt, 'unknown', candidate, `in its slot: ${candidate.reason}; production was not touched`);
    }
  }
  const traffic = await trafficBefore(attempt);
  const live = await stage(attempt, 'live');
  if (live.outcome === 'failed') return goBack(attempt, live);
  if (live.outcome === 'errored') return settle(attempt, 'unknown', live, live.reason);
  const watched = await watchTraffic(attempt, live, traffic);
  return watched.outcome === 'failed' ? goBack(attempt, watched) : settle(attempt, 'healthy', watched, watched.reason);
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

const nothing: Proof = { checks: [], outcome: 'errored' };

/** Something stopped the attempt itself. What the stack runs is then unknown, never a success. */
async function lost(attempt: Attempt, error: unknown): Promise<StackOutcome> {
  const interrupted =
    attempt.signal?.aborted === true || (error instanceof DeliveryError && error.code === 'interrupted');
  if (interrupted) {
    await settle(attempt, 'unknown', nothing, 'interrupted');
    throw new DeliveryError('interrupted', `${attempt.target.stack.name}: interrupted`, { cause: error });
  }
  if (error instanceof GivesWay) return settle(attempt, 'skipped', nothing, error.message, error.by);
  if (error instanceof DeliveryError) {
    const state = beforeAnything.has(error.code) ? 'skipped' : 'unknown';
    // A refusal that came late, by the ledger say, does not mean that nothing was begun.
    const known = state === 'skipped' && attempt.cloud.touched ? 'unknown' : state;
    return settle(attempt, known, nothing, toldWhole(error));
  }
  await settle(attempt, 'unknown', nothing, error instanceof Error ? error.message : String(error));
  throw error;
}

/** Nobody throws it any further: what to do must be in the reason. */
function toldWhole({ message, hint }: DeliveryError): string {
  return hint === undefined ? message : `${message} (${hint})`;
}
