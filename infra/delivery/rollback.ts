// Rolling back: an earlier release that this environment proved, on the same road and with the same proof as any other.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import { releases } from '../ledger/view.ts';
import { type Delivery, type DeliveryOptions, stamp, type Target, targetsIn } from './delivery.ts';
import { type DeploymentOutcome, deployRelease } from './deploy.ts';
import { sequenceOf } from './sequence.ts';
import { deployedIn, previousOf, resolvedCopies } from './situation.ts';
import { findRelease, provenOn, runsNow } from './stack-state.ts';

export interface RollbackOptions extends DeliveryOptions {
  /** Id or sequence number; the newest earlier one that every stack proved, when absent. */
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * The fast lane: no approval and no upstream verification, because this environment proved the release before; integrity and proof stay.
 * @throws DeliveryError `refused` when there is nothing to go back to, it is not earlier, was never proven here, or its image is gone.
 */
export async function rollback(
  delivery: Delivery,
  environment: Environment,
  options: RollbackOptions = {},
): Promise<DeploymentOutcome> {
  const targets = targetsIn(delivery, environment, options.stacks);
  const facts = await delivery.ledger.facts();
  const manifest = rollbackTarget(facts, environment, targets, options.to);
  const [resolved, deployed] = await Promise.all([
    resolvedCopies(delivery, manifest, targets),
    deployedIn(delivery, targets),
  ]);
  const gone = targets.filter(({ stack }) => resolved[stack.cloud] !== manifest.image.digest);
  if (gone.length > 0) {
    const clouds = gone.map(({ stack }) => `${stack.cloud} has ${resolved[stack.cloud] ?? 'no such image'}`);
    throw new DeliveryError(
      'refused',
      `the image of ${releaseIdOf(manifest)} is not in every registry: ${clouds.join(', ')}`,
    );
  }
  const own = stamp(delivery);
  await delivery.ledger.append((current) => {
    const still = releaseIdOf(rollbackTarget(current, environment, targets, options.to));
    if (still !== releaseIdOf(manifest)) {
      throw new DeliveryError(
        'refused',
        `${environment} changed meanwhile: the way back now leads to ${still}, not ${releaseIdOf(manifest)}`,
        {
          hint: 'look at it, then roll back again: npx trireme status',
        },
      );
    }
    const from = previousOf(current, targets, deployed);
    const body = { from, reason: options.reason ?? 'by command' };
    return [{ ...own, kind: 'rollback', environment, release: still, body }];
  });
  return deployRelease(delivery, manifest, environment, options);
}

/** Pure. Proven on every one of these stacks, and earlier than what they run; the newest such one unless `to` names it. */
export function rollbackTarget(
  facts: readonly Fact[],
  environment: Environment,
  targets: readonly Target[],
  to?: string,
): ReleaseManifest {
  const running = targets.map(({ stack }) => runsNow(facts, stack.name));
  const newest = Math.max(0, ...running.map((release) => (release === undefined ? 0 : sequenceOf(release))));
  // A stack that nobody can tell about may run anything: every proven release is then a way back.
  const unknown = running.some((release) => release === undefined);
  const isEarlier = (manifest: ReleaseManifest) => unknown || manifest.sequence < newest;
  const isProven = (manifest: ReleaseManifest) =>
    targets.every(({ stack }) => provenOn(facts, stack.name, releaseIdOf(manifest)));
  if (to !== undefined) {
    const wanted = findRelease(facts, to);
    const id = releaseIdOf(wanted);
    const reasons = [
      ...(isProven(wanted) ? [] : [`${environment} never proved it on ${unproven(facts, targets, id).join(', ')}`]),
      ...(isEarlier(wanted) || !isProven(wanted) ? [] : [`it is not earlier than what ${environment} runs`]),
    ];
    if (reasons.length === 0) return wanted;
    throw new DeliveryError('refused', `can't roll ${environment} back to ${id}: ${reasons.join('; ')}`, {
      hint: `to go forward: npx trireme promote --release ${id}`,
    });
  }
  const found = releases(facts)
    .map((fact) => fact.body.manifest)
    .sort((a, b) => b.sequence - a.sequence)
    .find((manifest) => isEarlier(manifest) && isProven(manifest));
  if (found !== undefined) return findRelease(facts, releaseIdOf(found));
  const names = targets.map(({ stack }) => stack.name).join(', ');
  throw new DeliveryError(
    'refused',
    `nothing to roll ${environment} back to: no earlier release was proven on ${names}`,
    {
      hint: `see what ran there: npx trireme history --environment ${environment}`,
    },
  );
}

function unproven(facts: readonly Fact[], targets: readonly Target[], release: string): string[] {
  return targets.filter(({ stack }) => !provenOn(facts, stack.name, release)).map(({ stack }) => stack.name);
}
