// Putting back what somebody changed in the cloud: the release that runs, with the settings it was released with, after reading the cloud.
import type { Environment } from '../contract/stack.ts';
import { manifestOf } from '../ledger/view.ts';
import { type Delivery, type DeliveryOptions, targetsIn } from './delivery.ts';
import { type DeploymentOutcome, deployRelease } from './deploy.ts';
import { releasesToRepeat } from './rotate.ts';
import { settleAll } from './settle.ts';

/**
 * No approval is asked for: what it brings was approved when that release came, and nothing else comes along.
 * @returns one outcome for each release that runs there: several where the environment is split.
 * @throws DeliveryError `refused`, before anything is touched.
 */
export async function restoreStacks(
  delivery: Delivery,
  environment: Environment,
  { stacks, signal, reason }: DeliveryOptions & { readonly reason: string },
): Promise<readonly DeploymentOutcome[]> {
  const facts = await delivery.ledger.facts();
  const targets = targetsIn(delivery, environment, stacks);
  const groups = releasesToRepeat(facts, environment, targets, delivery.clock.now(), 'restore');
  return settleAll(
    [...groups].map(([release, names]) =>
      deployRelease(delivery, manifestOf(facts, release), environment, { stacks: names, signal, restores: { reason } }),
    ),
  );
}
