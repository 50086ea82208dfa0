// One release onto every stack of an environment at once: each stack ends on its own, none is cancelled because a sibling failed.
import { DeliveryError } from '../contract/errors.ts';
import { copyFor, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { type Check, outcomeOf, reasonOf } from '../contract/verification.ts';
import { noteVerification } from './attempt.ts';
import { assertNotMisattested } from './attestation.ts';
import {
  type Delivery,
  type DeliveryOptions,
  type Road,
  record,
  type StackOutcome,
  stamp,
  type Target,
  targetsIn,
} from './delivery.ts';
import { deployStack } from './deploy-stack.ts';
import { parityAttempt } from './environment-state.ts';
import { hasFailed } from './legs.ts';
import { parityChecks } from './parity.ts';
import { settleAll } from './settle.ts';
import { takeBackAll } from './take-back.ts';

/** How a release ended in an environment. */
export interface DeploymentOutcome {
  readonly release: string;
  readonly environment: Environment;
  readonly stacks: readonly StackOutcome[];
}

/**
 * Deploys and proves a release on the stacks of an environment in parallel, and goes back where it is bad.
 * Whether it may enter that environment is not asked here: `promote` and `rollback` ask.
 * @throws DeliveryError `refused` before anything is touched; `interrupted` once every stack has stopped.
 */
export async function deployRelease(
  delivery: Delivery,
  manifest: ReleaseManifest,
  environment: Environment,
  options: DeliveryOptions & Road = {},
): Promise<DeploymentOutcome> {
  const targets = targetsIn(delivery, environment, options.stacks);
  assertDeployable(delivery, manifest, targets);
  await assertNotMisattested(delivery, manifest);
  const { signal, ...road } = options;
  const outcomes = await settleAll(targets.map((target) => deployStack(delivery, target, manifest, road, signal)));
  const compared = await withParity(delivery, manifest, targets, outcomes);
  const failed = road.onTargetFailure === 'revert-all' ? compared.filter(({ state }) => hasFailed(state)) : [];
  const names = failed.map(({ stack }) => stack);
  const stacks = await takeBackAll(delivery, manifest, compared, names, options);
  return { release: releaseIdOf(manifest), environment, stacks };
}

function assertDeployable(delivery: Delivery, manifest: ReleaseManifest, targets: readonly Target[]): void {
  for (const { stack } of targets) copyFor(manifest, stack.cloud);
  if (manifest.image.builder === 'layout' && !delivery.emulated) {
    throw new DeliveryError(
      'refused',
      `expected an image built from the Dockerfile; found one that trireme wrote itself (builder: layout), which only emulated clouds run`,
      { hint: 'npx trireme release --engine podman' },
    );
  }
}

/** The stacks that answered the golden inputs are compared with each other; a disagreement makes those concerned `failed`. */
async function withParity(
  delivery: Delivery,
  manifest: ReleaseManifest,
  targets: readonly Target[],
  outcomes: readonly StackOutcome[],
): Promise<readonly StackOutcome[]> {
  const healthy = outcomes.filter(({ state }) => state === 'healthy');
  const parity = await parityOf(delivery, manifest, healthy);
  return Promise.all(
    outcomes.map(async (outcome) => {
      const check = parity.get(outcome.stack);
      const target = targets.find(({ stack }) => stack.name === outcome.stack);
      if (check === undefined || target === undefined) return outcome;
      const { environment } = target.stack;
      const checks = [...outcome.checks, check];
      await noteVerification(delivery, target, manifest, { checks });
      if (outcomeOf(checks) !== 'failed') return { ...outcome, checks };
      // Nobody can tell which cloud is the wrong one, so none is reverted by itself.
      const way = environment === 'prod' ? 'npx trireme rollback' : 'correct it, make a new release';
      const reason = `${reasonOf(checks) ?? 'parity'}; it stays live: ${way}`;
      await record(delivery, {
        ...stamp(delivery),
        kind: 'deployment',
        environment,
        stack: target.stack.name,
        release: releaseIdOf(manifest),
        body: { attempt: parityAttempt, state: 'failed', replaced: null, reason },
      });
      return { ...outcome, checks, state: 'failed' as const, reason, runs: releaseIdOf(manifest) };
    }),
  );
}

/** Compares the stacks that answered; those that did not have no part in it. */
export async function parityOf(
  delivery: Pick<Delivery, 'goldens'>,
  manifest: ReleaseManifest,
  found: readonly Pick<StackOutcome, 'stack' | 'endpoint' | 'predictions'>[],
): Promise<ReadonlyMap<StackName, Check>> {
  const answers = found.flatMap(({ stack, endpoint, predictions }) =>
    endpoint !== undefined && predictions !== undefined ? [{ stack, endpoint, predictions }] : [],
  );
  const cloud = manifest.image.copies.find((copy) =>
    answers.some((answer) => answer.stack.startsWith(`${copy.cloud}-`)),
  )?.cloud;
  if (answers.length < 2 || cloud === undefined) return new Map();
  const [golden] = await delivery.goldens.read(manifest, cloud);
  return parityChecks(answers, golden?.golden.tolerance ?? 0);
}
