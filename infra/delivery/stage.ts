// Deploying to a stage and proving it there: what could not be told is tried once more.
import { DeliveryError } from '../contract/errors.ts';
import type { Baseline, DeploymentResult } from '../contract/ports.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService, Stage } from '../contract/service.ts';
import { type Check, outcomeOf, reasonOf } from '../contract/verification.ts';
import { type Attempt, note, noteVerification, type Proof, say } from './attempt.ts';
import { proverFor } from './delivery.ts';
import { verifyService } from './verification.ts';

/** Deploys to a stage and proves it there. What could not be told is tried once more. */
export async function stage(attempt: Attempt, where: Stage): Promise<Proof> {
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
export async function baselineFor({ delivery, target, before }: Attempt, manifest: ReleaseManifest): Promise<Baseline> {
  const alreadyThere = before?.release.releaseId === releaseIdOf(manifest);
  return proverFor(delivery, target).baseline(alreadyThere ? undefined : before);
}

const worthAnotherTry: ReadonlySet<string> = new Set(['errored', 'stack-locked', 'cloud-unreachable']);

export async function deployTwice(
  attempt: Attempt,
  manifest: ReleaseManifest,
  where: Stage,
): Promise<DeploymentResult> {
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

export async function proveTwice(
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
export function rejected(result: DeploymentResult): Proof {
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
