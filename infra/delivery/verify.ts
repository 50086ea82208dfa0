// Verifying what runs, without deploying: the same proof, for every stack of an environment.
import { DeliveryError } from '../contract/errors.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { type Check, type Outcome, outcomeOf, reasonOf } from '../contract/verification.ts';
import { currentReleases } from '../ledger/view.ts';
import { noteVerification } from './attempt.ts';
import {
  type Delivery,
  type DeliveryOptions,
  type PredictionRows,
  proverFor,
  runningOn,
  type Target,
  targetsIn,
} from './delivery.ts';
import { parityOf } from './deploy.ts';
import { settleAll } from './settle.ts';
import { findRelease } from './stack-state.ts';
import { verifyService } from './verification.ts';

export interface StackVerification {
  readonly stack: StackName;
  /** What was expected there. */
  readonly release: string;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly seconds: number;
  readonly checks: readonly Check[];
}

/**
 * Proves that each stack runs the release it should: `options.manifest`, or else what the ledger says it runs.
 * Records one verification per stack; changes nothing else.
 */
export async function verifyEnvironment(
  delivery: Delivery,
  environment: Environment,
  options: DeliveryOptions & { readonly manifest?: ReleaseManifest | undefined } = {},
): Promise<readonly StackVerification[]> {
  const targets = targetsIn(delivery, environment, options.stacks);
  const facts = await delivery.ledger.facts();
  const current = currentReleases(facts);
  const expected = targets.map((target) => {
    const release = current.get(target.stack.name)?.release;
    const manifest = options.manifest ?? (release === undefined ? undefined : findRelease(facts, release));
    if (manifest !== undefined) return { target, manifest };
    throw new DeliveryError('refused', `${target.stack.name}: expected a deployment; found none in the ledger`, {
      hint: `npx trireme deploy --environment ${environment} --release latest`,
    });
  });
  const found = await settleAll(expected.map((one) => verifyStack(delivery, one, options.signal)));
  return Promise.all(
    expected.map(async ({ target, manifest }, index) => {
      const own = found[index];
      if (own === undefined) throw new Error('one verification per stack');
      const alike = found.filter((other) => other.release === own.release);
      const parity = (await parityOf(delivery, manifest, alike)).get(target.stack.name);
      const checks = parity === undefined ? own.checks : [...own.checks, parity];
      await noteVerification(delivery, target, manifest, { checks });
      const outcome = outcomeOf(checks);
      const reason = reasonOf(checks);
      delivery.report({ stack: target.stack.name, message: reason === undefined ? outcome : `${outcome}: ${reason}` });
      const { stack, release, seconds } = own;
      return { stack, release, outcome, seconds, checks, ...(reason === undefined ? {} : { reason }) };
    }),
  );
}

interface Expected {
  readonly target: Target;
  readonly manifest: ReleaseManifest;
}
interface Found {
  readonly stack: StackName;
  readonly release: string;
  readonly seconds: number;
  readonly checks: readonly Check[];
  readonly endpoint?: string;
  readonly predictions?: PredictionRows;
}

async function verifyStack(delivery: Delivery, { target, manifest }: Expected, signal?: AbortSignal): Promise<Found> {
  const { stack } = target;
  const release = releaseIdOf(manifest);
  const startedMs = delivery.clock.now();
  const secondsSince = () => (delivery.clock.now() - startedMs) / 1000;
  delivery.report({ stack: stack.name, message: `verifying ${release}` });
  const service = await delivery.deployer.deployed(stack);
  if (service === undefined) {
    const nothing: Check = {
      name: 'control-plane',
      outcome: 'failed',
      expected: release,
      found: 'no service in the stack',
      seconds: 0,
      source: `outputs of ${stack.name}`,
    };
    return { stack: stack.name, release, seconds: secondsSince(), checks: [nothing] };
  }
  // Whoever asks the endpoint then may be answered by the candidate: that tells nothing about what is live.
  if (service.sharePercent !== undefined) {
    const shared: Check = {
      name: 'control-plane',
      outcome: 'errored',
      expected: `${release} with all of the traffic`,
      found: `a candidate that has ${service.sharePercent} % of it`,
      seconds: 0,
      source: `outputs of ${stack.name}`,
    };
    return { stack: stack.name, release, seconds: secondsSince(), checks: [shared] };
  }
  // Nothing is deployed here: whatever operation the control plane shows last is the one to judge.
  const asked = runningOn(target, service);
  const baseline = await proverFor(delivery, asked).baseline(undefined);
  const verified = await verifyService(delivery, { target: asked, service, manifest, stage: 'live', baseline, signal });
  return { stack: stack.name, release, seconds: secondsSince(), endpoint: service.endpoint, ...verified };
}
