// Rotating secrets: the release that runs, in new instances that read the values as they are now, proven as any deployment is.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { manifestOf } from '../ledger/view.ts';
import { type Delivery, type DeliveryOptions, type Target, targetsIn } from './delivery.ts';
import { type DeploymentOutcome, deployRelease } from './deploy.ts';
import { isOnceMore } from './once-more.ts';
import { underWay } from './promotion-state.ts';
import { settleAll } from './settle.ts';
import { runsNow } from './stack-state.ts';

/**
 * No approval is asked for: no release, no setting and no image changes, and a leaked value can't wait for one. Who may is who may deploy
 * there; on GitHub, whom `prod-rollback` lets in. Holds and freezes do not stop it either.
 * @returns one outcome for each release that runs there: several where the environment is split.
 * @throws DeliveryError `refused`, before anything is touched.
 */
export async function rotateSecrets(
  delivery: Delivery,
  environment: Environment,
  { stacks, signal, reason }: DeliveryOptions & { readonly reason: string },
): Promise<readonly DeploymentOutcome[]> {
  const facts = await delivery.ledger.facts();
  const targets = targetsIn(delivery, environment, stacks);
  const groups = releasesToRepeat(facts, environment, targets, delivery.clock.now(), 'rotate');
  const secrets = { asOf: new Date(delivery.clock.now()).toISOString(), reason };
  return settleAll(
    [...groups].map(([release, names]) =>
      deployRelease(delivery, manifestOf(facts, release), environment, { stacks: names, signal, secrets }),
    ),
  );
}

/** Pure. Stacks by the release that they are known to run. @throws DeliveryError `refused` with every stack that can't be. */
export function releasesToRepeat(
  facts: readonly Fact[],
  environment: Environment,
  targets: readonly Pick<Target, 'stack'>[],
  nowMs: number,
  verb: 'rotate' | 'restore',
): ReadonlyMap<string, readonly StackName[]> {
  const other = underWay(facts, { environment, body: { promotion: 'none of these' } }, nowMs);
  if (other !== undefined) {
    const found = `${other.body.promotion} of ${other.release} is being carried out in ${environment}`;
    throw new DeliveryError('refused', found, {
      hint:
        verb === 'rotate' ? 'let it end: the instances it starts read the new values' : 'let it end, then look again',
    });
  }
  const runs = targets.map(({ stack }) => ({
    name: stack.name,
    release: runsNow(facts, stack.name) ?? repeatedBefore(facts, stack.name),
  }));
  const unknown = runs.filter(({ release }) => release === undefined).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new DeliveryError('refused', `expected a release that is known to run; found none on ${unknown.join(', ')}`, {
      hint: `see why: npx trireme status; others by themselves: npx trireme ${verb} --stack <stack>`,
    });
  }
  const groups = new Map<string, StackName[]>();
  for (const { name, release = '' } of runs) groups.set(release, [...(groups.get(release) ?? []), name]);
  return groups;
}

/** A rotation or restoration that failed left nothing else to run than the release it was of; to do it again is the way on. */
function repeatedBefore(facts: readonly Fact[], stack: StackName): string | undefined {
  const tries = facts.filter((fact) => fact.kind === 'deployment').filter((fact) => fact.stack === stack);
  const last = tries.at(-1);
  const begun = tries.find(({ body }) => body.attempt === last?.body.attempt);
  return begun !== undefined && isOnceMore(begun) ? begun.release : undefined;
}
