// One release onto one stack, proven: what happens between the first and the last fact of one attempt.
import { randomUUID } from 'node:crypto';
import { DeliveryError } from '../contract/errors.ts';
import type { DeploymentState, FactOf } from '../contract/fact.ts';
import type { Baseline, DeploymentResult } from '../contract/ports.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService, Stage } from '../contract/service.ts';
import { type Check, type Outcome, outcomeOf, reasonOf } from '../contract/verification.ts';
import { type Delivery, proverFor, record, type StackOutcome, stamp, type Target } from './delivery.ts';
import { findRelease, replacedBy } from './stack-state.ts';
import { type Verified, verifyService } from './verification.ts';

/** One try to put one release on one stack. */
interface Attempt {
  readonly delivery: Delivery;
  readonly target: Target;
  readonly manifest: ReleaseManifest;
  readonly attempt: string;
  /** What the stack goes back to when this fails; absent on a first deployment, or when the ledger does not know it. */
  readonly replaced: ReleaseManifest | undefined;
  /** What the stack's outputs said before. */
  readonly before: DeployedService | undefined;
  readonly startedMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a stage came to. */
interface Proof extends Verified {
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly service?: DeployedService | undefined;
}

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
  const startedMs = delivery.clock.now();
  const before = await deployedOn(delivery, target);
  if (before instanceof DeliveryError) return notStarted(delivery, target, before);
  const facts = await delivery.ledger.facts();
  const replacedId = replacedBy(facts, target.stack.name, before?.release.releaseId);
  const replaced = replacedId === null ? undefined : findRelease(facts, replacedId);
  const attempt: Attempt = { delivery, target, manifest, attempt: randomUUID(), replaced, before, startedMs, signal };
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

function notStarted(delivery: Delivery, target: Target, error: DeliveryError): StackOutcome {
  delivery.report({ stack: target.stack.name, message: `skipped: ${error.message}` });
  return { stack: target.stack.name, state: 'skipped', reason: error.message, seconds: 0, checks: [], runs: null };
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

/** Deploys to a stage and proves it there. What could not be told is tried once more. */
async function stage(attempt: Attempt, where: Stage): Promise<Proof> {
  const { delivery, target, manifest } = attempt;
  say(
    attempt,
    where === 'candidate' ? `deploying ${releaseIdOf(manifest)} to a slot` : `deploying ${releaseIdOf(manifest)}`,
  );
  const baseline = await baselineFor(attempt, manifest);
  const result = await deployTwice(attempt, manifest, where);
  if (result.outcome === 'rejected' || result.service === undefined) {
    const refusal = rejected(result);
    await noteVerification(delivery, target, manifest, refusal);
    return refusal;
  }
  await note(attempt, 'proving', where === 'candidate' ? { reason: 'in a slot, beside the live release' } : {});
  say(attempt, where === 'candidate' ? 'proving it in the slot' : 'proving');
  const proof = await proveTwice(attempt, manifest, result.service, where, baseline);
  await noteVerification(delivery, target, manifest, proof);
  return proof;
}

/**
 * Read before `up`, and once for both tries, so that an earlier operation is never taken for this one. A release that is there
 * already may cause no operation at all: then whatever the control plane shows last counts.
 */
async function baselineFor({ delivery, target, before }: Attempt, manifest: ReleaseManifest): Promise<Baseline> {
  const alreadyThere = before?.release.releaseId === releaseIdOf(manifest);
  return proverFor(delivery, target).baseline(alreadyThere ? undefined : before);
}

const worthAnotherTry: ReadonlySet<string> = new Set(['errored', 'stack-locked', 'cloud-unreachable']);

async function deployTwice(attempt: Attempt, manifest: ReleaseManifest, where: Stage): Promise<DeploymentResult> {
  const { delivery, target, signal } = attempt;
  const options = { report: delivery.report, ...(signal === undefined ? {} : { signal }) };
  const deploy = () => delivery.deployer.deploy(target.stack, { manifest, stage: where }, options);
  try {
    return await deploy();
  } catch (error) {
    if (!(error instanceof DeliveryError) || !worthAnotherTry.has(error.code)) throw error;
    say(attempt, `could not tell (${error.message}); trying once more`);
    return deploy();
  }
}

async function proveTwice(
  attempt: Attempt,
  manifest: ReleaseManifest,
  service: DeployedService,
  where: Stage,
  baseline: Baseline,
): Promise<Proof> {
  const { delivery, target, signal } = attempt;
  const prove = () => verifyService(delivery, { target, service, manifest, stage: where, baseline, signal });
  let verified = await prove();
  if (outcomeOf(verified.checks) === 'errored') {
    say(attempt, `could not tell (${reasonOf(verified.checks)}); asking once more`);
    verified = await prove();
  }
  return { ...verified, service, outcome: outcomeOf(verified.checks), reason: reasonOf(verified.checks) };
}

/** The vendor refused the resource: bad, whatever still answers at the endpoint. */
function rejected(result: DeploymentResult): Proof {
  const found = result.diagnostics.join(' ').replace(/\s+/g, ' ').trim() || 'a refusal without a reason';
  const check: Check = {
    name: 'control-plane',
    outcome: 'failed',
    expected: 'the update is accepted',
    found,
    seconds: 0,
    source: 'pulumi up',
  };
  return { checks: [check], outcome: 'failed', reason: found, service: result.service };
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
  await note(attempt, 'failed', { reason: bad.reason });
  say(attempt, `failed: ${bad.reason}`);
  if (replaced === undefined) {
    return settle(attempt, 'failed', bad, `${bad.reason}; nothing ran here before that it could go back to`);
  }
  const earlier = releaseIdOf(replaced);
  say(attempt, `going back to ${earlier}`);
  const proof = await revert(attempt, replaced);
  await noteVerification(delivery, target, replaced, proof);
  return proof.outcome === 'passed'
    ? settle(attempt, 'reverted', bad, `${bad.reason}; runs ${earlier} again`)
    : settle(attempt, 'revert-failed', bad, `${bad.reason}; going back to ${earlier} failed: ${proof.reason}`);
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

/** Something stopped the attempt itself. What the stack runs is then unknown, never a success. */
async function lost(attempt: Attempt, error: unknown): Promise<StackOutcome> {
  const nothing: Proof = { checks: [], outcome: 'errored' };
  const interrupted =
    attempt.signal?.aborted === true || (error instanceof DeliveryError && error.code === 'interrupted');
  if (interrupted) {
    await settle(attempt, 'unknown', nothing, 'interrupted');
    throw new DeliveryError('interrupted', `${attempt.target.stack.name}: interrupted`, { cause: error });
  }
  if (error instanceof DeliveryError) {
    const untouched = !worthAnotherTry.has(error.code);
    return settle(attempt, untouched ? 'skipped' : 'unknown', nothing, error.message);
  }
  await settle(attempt, 'unknown', nothing, error instanceof Error ? error.message : String(error));
  throw error;
}

async function settle(attempt: Attempt, state: DeploymentState, proof: Proof, reason?: string): Promise<StackOutcome> {
  const { delivery, target, manifest, replaced, startedMs } = attempt;
  const seconds = (delivery.clock.now() - startedMs) / 1000;
  const { service, checks, predictions } = proof;
  await note(attempt, state, {
    seconds,
    reason,
    ...(state === 'healthy' && service !== undefined ? { endpoint: service.endpoint, revision: service.revision } : {}),
  });
  say(attempt, `${state} after ${seconds.toFixed(1)} s${reason === undefined ? '' : `: ${reason}`}`);
  const earlier = replaced === undefined ? null : releaseIdOf(replaced);
  return {
    stack: target.stack.name,
    state,
    seconds,
    checks,
    runs: state === 'healthy' ? releaseIdOf(manifest) : state === 'reverted' || state === 'skipped' ? earlier : null,
    ...(reason === undefined ? {} : { reason }),
    ...(service === undefined ? {} : { endpoint: service.endpoint }),
    ...(predictions === undefined ? {} : { predictions }),
  };
}

async function note(
  attempt: Attempt,
  state: DeploymentState,
  more: Partial<Omit<FactOf<'deployment'>['body'], 'reason'>> & { reason?: string | undefined } = {},
): Promise<void> {
  const { delivery, target, manifest, replaced } = attempt;
  const { reason, ...rest } = more;
  await record(delivery, {
    ...stamp(delivery),
    kind: 'deployment',
    environment: target.stack.environment,
    stack: target.stack.name,
    release: releaseIdOf(manifest),
    body: {
      attempt: attempt.attempt,
      state,
      replaced: replaced === undefined ? null : releaseIdOf(replaced),
      ...rest,
      ...(reason === undefined ? {} : { reason }),
    },
  });
}

export async function noteVerification(
  delivery: Delivery,
  target: Target,
  manifest: ReleaseManifest,
  { checks }: Pick<Verified, 'checks'>,
): Promise<void> {
  await record(delivery, {
    ...stamp(delivery),
    kind: 'verification',
    environment: target.stack.environment,
    stack: target.stack.name,
    release: releaseIdOf(manifest),
    body: { outcome: outcomeOf(checks), checks: [...checks] },
  });
}

function say({ delivery, target }: Attempt, message: string): void {
  delivery.report({ stack: target.stack.name, message });
}
