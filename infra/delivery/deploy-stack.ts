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
  type Proof,
  settle,
} from './attempt.ts';
import { type Delivery, persist, proverFor, type Road, type StackOutcome, type Target } from './delivery.ts';
import { goBack } from './go-back.ts';
import { restorationWord, rotationWord } from './once-more.ts';
import { isAsMade, settingsOf } from './settings.ts';
import { endShare, sharePercent, shareTraffic, takeShareBack, untouched } from './share.ts';
import { findRelease, replacedBy } from './stack-state.ts';
import { stage } from './stage.ts';
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
  const found = await foundOn(common);
  if (found instanceof DeliveryError) {
    const unbegun = { ...common, before: undefined, replaced: undefined };
    return refusedIf(found, await settle(unbegun, 'skipped', nothing, toldWhole(found)));
  }
  const begun = await begin({ ...common, ...found, replaced: undefined });
  if ('state' in begun) return begun;
  try {
    return await proveThenGoLive(begun);
  } catch (error) {
    return await lost(begun, error);
  }
}

/** An error here stops this stack alone: nothing was touched, its siblings go on. */
async function foundOn({
  delivery,
  target,
  manifest,
  road,
}: Pick<Attempt, 'delivery' | 'target' | 'manifest' | 'road'>): Promise<
  Pick<Attempt, 'before' | 'target'> | DeliveryError
> {
  try {
    const before = await delivery.deployer.deployed(target.stack);
    if (!isAsMade(road)) return { before, target };
    const facts = await delivery.ledger.facts();
    const { runtime } = settingsOf(delivery, target, facts, releaseIdOf(manifest), before, road);
    return { before, target: { ...target, runtime } };
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
      const reason = again(road)?.words;
      return stopped === undefined ? [deploymentFact(attempt, 'updating', { reason })] : [];
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
  const same = again(attempt.road);
  if (same !== undefined) return putLiveAgain(attempt, same);
  const beside = provesBeside(attempt);
  let candidate: Proof | undefined;
  if (beside) {
    candidate = await stage(attempt, { stage: 'candidate' });
    if (candidate.outcome === 'failed')
      return untouched(attempt, candidate, `beside what is live: ${candidate.reason}`);
    if (candidate.outcome === 'errored') {
      const reason = `beside what is live: ${candidate.reason}; production was not touched`;
      return settle(attempt, 'unknown', candidate, reason);
    }
  }
  const traffic = await trafficBefore(attempt);
  let shared: Proof | undefined;
  if (candidate?.service?.candidateEndpoint !== undefined && sharePercent(attempt) !== undefined) {
    shared = await shareTraffic(attempt, traffic);
    if (shared.outcome === 'failed') return takeShareBack(attempt, shared);
    if (shared.outcome === 'errored') return settle(attempt, 'unknown', shared, await endShare(attempt, shared.reason));
  }
  if (beside) await note(attempt, 'updating', { stage: 'live' });
  const live = await goLive(attempt, shared);
  if (live.outcome === 'failed') return hasShareStill(live) ? takeShareBack(attempt, live) : goBack(attempt, live);
  if (live.outcome === 'errored') return settle(attempt, 'unknown', live, live.reason);
  const watched = await watchTraffic(attempt, live, traffic);
  return watched.outcome === 'failed' ? goBack(attempt, watched) : settle(attempt, 'healthy', watched, watched.reason);
}

interface Again {
  /** For the ledger. */
  readonly words: string;
  /** What a person does where it failed. */
  readonly way: string;
}

/** The release that is live, once more. */
function again({ secrets, restores }: Road): Again | undefined {
  if (secrets !== undefined) {
    return { words: `${rotationWord}${secrets.reason}`, way: 'give the secret its value from before and rotate again' };
  }
  if (restores === undefined) return undefined;
  return { words: `${restorationWord}${restores.reason}`, way: 'see what still differs: npx trireme stack-drift' };
}

/**
 * The release that is live is proven already; what is new are values of secrets, read once, by instances that get traffic when they are ready,
 * or what somebody changed in the cloud. There is no going back: the value before is the secret manager's to give.
 */
async function putLiveAgain(attempt: Attempt, { words, way }: Again): Promise<StackOutcome> {
  const live = await stage(attempt, { stage: 'live' });
  const { outcome, reason } = live;
  if (outcome === 'passed') return settle(attempt, 'healthy', live, words);
  const why = `${words}; ${reason}; the same release, so there is nothing to go back to: ${way}`;
  return settle(attempt, outcome === 'failed' ? 'failed' : 'unknown', live, why);
}

/** What a rule stops now must not be left with a share; what another attempt has is that one's. */
async function goLive(attempt: Attempt, shared: Proof | undefined): Promise<Proof> {
  try {
    return await stage(attempt, { stage: 'live' });
  } catch (error) {
    if (shared === undefined || !(error instanceof GivesWay) || error.by !== undefined) throw error;
    return { ...shared, outcome: 'failed', reason: error.message };
  }
}

/** The platform refused the step to all of the traffic: by its outputs it is where it was. */
function hasShareStill({ service }: Proof): boolean {
  return service?.sharePercent !== undefined;
}

/** In prod a candidate is proven beside the live release where the runtime can hold both. */
function provesBeside({ delivery, target, before }: Attempt): boolean {
  const { candidate } = proverFor(delivery, target).runtime;
  return candidate.value !== 'none' && target.stack.environment === 'prod' && before !== undefined;
}

const nothing: Proof = { checks: [], outcome: 'errored' };

/** Something stopped the attempt itself. What the stack runs is then unknown, never a success. */
async function lost(attempt: Attempt, error: unknown): Promise<StackOutcome> {
  const interrupted =
    attempt.signal?.aborted === true || (error instanceof DeliveryError && error.code === 'interrupted');
  if (interrupted) {
    const reason = await withoutShare(attempt, error, 'interrupted');
    await settle(attempt, 'unknown', nothing, reason);
    throw new DeliveryError('interrupted', `${attempt.target.stack.name}: ${reason}`, { cause: error });
  }
  if (error instanceof GivesWay) return settle(attempt, 'skipped', nothing, error.message, error.by);
  if (error instanceof DeliveryError) {
    const state = beforeAnything.has(error.code) ? 'skipped' : 'unknown';
    // A refusal that came late, by the ledger say, does not mean that nothing was begun.
    const known = state === 'skipped' && attempt.cloud.touched ? 'unknown' : state;
    const ended = await settle(attempt, known, nothing, await withoutShare(attempt, error, toldWhole(error)));
    return refusedIf(error, ended);
  }
  await settle(attempt, 'unknown', nothing, await withoutShare(attempt, error, messageOf(error)));
  throw error;
}

function refusedIf({ code }: DeliveryError, ended: StackOutcome): StackOutcome {
  return ended.state === 'skipped' && code === 'refused' ? { ...ended, refused: true } : ended;
}

/** A share is not left behind by an attempt that was lost; one that gave way has none of its own. @returns why, and what became of it. */
async function withoutShare(attempt: Attempt, error: unknown, why: string): Promise<string> {
  if (attempt.cloud.sharing !== true || error instanceof GivesWay) return why;
  return endShare(attempt, why).catch((late: unknown) => `${why}; ${messageOf(late)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Nobody throws it any further: what to do must be in the reason. */
function toldWhole({ message, hint }: DeliveryError): string {
  return hint === undefined ? message : `${message} (${hint})`;
}
