// Rolling back: an earlier release that this environment proved, on the same road and with the same proof as any other.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, NewFact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import { releases } from '../ledger/view.ts';
import { type Delivery, type DeliveryOptions, persist, stamp, type Target, targetsIn } from './delivery.ts';
import { type DeploymentOutcome, deployRelease } from './deploy.ts';
import { stackTruth } from './environment-state.ts';
import { wasLetIn } from './promotion-state.ts';
import { sequenceOf } from './sequence.ts';
import { deployedIn, previousOf, resolvedCopies } from './situation.ts';
import { findRelease, provenOn, runsNow } from './stack-state.ts';
import { holdOn } from './stop-order.ts';

export interface RollbackOptions extends DeliveryOptions {
  /** Id or sequence number; the newest earlier one that every stack proved, when absent. */
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * The fast lane: no approval and no upstream verification, because somebody let the release into this environment before, which proved it;
 * integrity and proof stay.
 * @throws DeliveryError `refused` when there is nothing to go back to, it is not earlier, was never let in or proven here, or its image is gone.
 */
export async function rollback(
  delivery: Delivery,
  environment: Environment,
  options: RollbackOptions = {},
): Promise<DeploymentOutcome> {
  const targets = targetsIn(delivery, environment, options.stacks);
  const [way, deployed] = await Promise.all([
    wayBack(delivery, environment, targets, options.to),
    deployedIn(delivery, targets),
  ]);
  const { manifest, gone } = way;
  const own = stamp(delivery);
  const appended = await persist(delivery, (current) => {
    const still = releaseIdOf(rollbackTarget(current, environment, targets, options.to, gone));
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
    const reason = options.reason ?? 'by command';
    const held = leftBehind(current, targets, from, manifest).map((release): NewFact => {
      const body = { reason: `${environment} was rolled back from it to ${still}: ${reason}` };
      return { ...own, kind: 'hold', release, body };
    });
    return [{ ...own, kind: 'rollback', environment, release: still, body: { from, reason } }, ...held];
  });
  const id = appended.find((fact) => fact.kind === 'rollback')?.id;
  const stops = (facts: readonly Fact[]) => newerRollback(facts, environment, id);
  const { stacks, signal } = options;
  return deployRelease(delivery, manifest, environment, { stacks, signal, stops, asReleased: true });
}

/** Two rollbacks at once: the newer one knows more. */
function newerRollback(facts: readonly Fact[], environment: Environment, id: string | undefined): string | undefined {
  const newest = facts.findLast((fact) => fact.kind === 'rollback' && fact.environment === environment);
  return newest === undefined || newest.id === id
    ? undefined
    : `a rollback by ${newest.actor.login} at ${newest.at} came after this one`;
}

/** The releases that are left, which no environment takes until somebody lifts the hold: what ran, and what was being put there. */
function leftBehind(
  facts: readonly Fact[],
  targets: readonly Target[],
  from: Readonly<Record<string, string | null>>,
  to: ReleaseManifest,
): readonly string[] {
  const tried = targets.map(({ stack }) => stackTruth(facts, stack.name)).flatMap(({ runs, tried }) => [runs, tried]);
  const left = new Set([...Object.values(from), ...tried].filter((release) => release !== null));
  return [...left].filter((release) => sequenceOf(release) > to.sequence && holdOn(facts, release) === undefined);
}

interface WayBack {
  readonly manifest: ReleaseManifest;
  /** Nearer releases whose image is not in every registry any more. */
  readonly gone: readonly string[];
}

/** The newest earlier release that every registry still has. @throws DeliveryError `refused` for the nearest one when there is none. */
async function wayBack(
  delivery: Delivery,
  environment: Environment,
  targets: readonly Target[],
  to: string | undefined,
): Promise<WayBack> {
  const facts = await delivery.ledger.facts();
  const gone: string[] = [];
  let nearest: DeliveryError | undefined;
  for (;;) {
    let manifest: ReleaseManifest;
    try {
      manifest = rollbackTarget(facts, environment, targets, to, gone);
    } catch (error) {
      throw nearest ?? error;
    }
    const resolved = await resolvedCopies(delivery, manifest, targets);
    const missing = targets.filter(({ stack }) => resolved[stack.cloud] !== manifest.image.digest);
    if (missing.length === 0) return { manifest, gone };
    const clouds = missing.map(({ stack }) => `${stack.cloud} has ${resolved[stack.cloud] ?? 'no such image'}`);
    const id = releaseIdOf(manifest);
    const refusal = `the image of ${id} is not in every registry: ${clouds.join(', ')}`;
    nearest ??= new DeliveryError('refused', refusal);
    if (to !== undefined) throw nearest;
    delivery.report({ message: `${refusal}; looking further back` });
    gone.push(id);
  }
}

/**
 * Pure. Let into the environment, proven on every one of these stacks, and earlier than what they run; the newest such one that is not held, unless `to` names it.
 * @param without releases to pass over.
 */
export function rollbackTarget(
  facts: readonly Fact[],
  environment: Environment,
  targets: readonly Target[],
  to?: string,
  without: readonly string[] = [],
): ReleaseManifest {
  const running = targets.map(({ stack }) => runsNow(facts, stack.name));
  const newest = Math.max(0, ...running.map((release) => (release === undefined ? 0 : sequenceOf(release))));
  // A stack that nobody can tell about may run anything: every proven release is then a way back.
  const unknown = running.some((release) => release === undefined);
  const isEarlier = (manifest: ReleaseManifest) => unknown || manifest.sequence < newest;
  const isProven = (manifest: ReleaseManifest) =>
    targets.every(({ stack }) => provenOn(facts, stack.name, releaseIdOf(manifest)));
  const isLetIn = (manifest: ReleaseManifest) => wasLetIn(facts, environment, releaseIdOf(manifest));
  const isFit = (release: string) => holdOn(facts, release) === undefined && !without.includes(release);
  if (to !== undefined) {
    const wanted = findRelease(facts, to);
    const id = releaseIdOf(wanted);
    const reasons = [
      ...(isLetIn(wanted) ? [] : [`no approved promotion ever let it into ${environment}`]),
      ...(isProven(wanted) ? [] : [`${environment} never proved it on ${unproven(facts, targets, id).join(', ')}`]),
      ...(isEarlier(wanted) || !isProven(wanted) ? [] : [`it is not earlier than what ${environment} runs`]),
      // Where nobody can tell what runs, this road may lead forward: to what somebody stopped, it does not.
      ...(holdOn(facts, id) === undefined || wanted.sequence < newest
        ? []
        : [`it is held, and nothing newer is known to run: npx trireme unhold ${id} --reason "<reason>"`]),
    ];
    if (reasons.length === 0) return wanted;
    throw new DeliveryError('refused', `can't roll ${environment} back to ${id}: ${reasons.join('; ')}`, {
      hint: `to go forward: npx trireme promote --release ${id}`,
    });
  }
  const found = releases(facts)
    .map((fact) => fact.body.manifest)
    .sort((a, b) => b.sequence - a.sequence)
    .find((manifest) => isEarlier(manifest) && isLetIn(manifest) && isProven(manifest) && isFit(releaseIdOf(manifest)));
  if (found !== undefined) return findRelease(facts, releaseIdOf(found));
  const names = targets.map(({ stack }) => stack.name).join(', ');
  throw new DeliveryError(
    'refused',
    `nothing to roll ${environment} back to: no earlier release was let in and proven on ${names}`,
    {
      hint: `see what ran there: npx trireme history --environment ${environment}`,
    },
  );
}

function unproven(facts: readonly Fact[], targets: readonly Target[], release: string): string[] {
  return targets.filter(({ stack }) => !provenOn(facts, stack.name, release)).map(({ stack }) => stack.name);
}
