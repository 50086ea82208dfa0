// Every cloud × step × fault × policy, through the real state machine: each ends consistent, or is reported, and the ledger never lies.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { type Cloud, clouds, type StackName } from '../../contract/stack.ts';
import { type DeploymentStep, deploymentSteps, type StepFault, stepFaults } from '../../contract/step.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { environmentState } from '../../delivery/environment-state.ts';
import { finalisePromotion } from '../../delivery/finalise.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { promotionState } from '../../delivery/promotion-state.ts';
import { recover } from '../../delivery/recover.ts';
import { rollback } from '../../delivery/rollback.ts';
import { everyStack, policyText, World } from './world.ts';

const policies = ['revert-target', 'revert-all', 'hold'] as const;
const ways = ['one process', 'three legs'] as const;
const prod = everyStack.filter((stack) => stack.endsWith('-prod'));
const hours = 3600;

interface Case {
  readonly cloud: Cloud;
  readonly step: DeploymentStep;
  readonly fault: StepFault;
  readonly policy: (typeof policies)[number];
  readonly way: (typeof ways)[number];
}

/** By policy: they differ in what follows the fault alone. */
const rules = (policy: Case['policy']) =>
  parsePolicy(
    `${policyText}promotions: { onTargetFailure: ${policy}, share: { percent: 10, minutes: 1 } }\nwatch: { seconds: 20 }\n`,
  );
const rulesOf = { 'revert-target': rules('revert-target'), 'revert-all': rules('revert-all'), hold: rules('hold') };

/** The first release runs in prod; the second one is approved. The same for every fault, so it is played once. */
const beginning = (async () => {
  const world = new World();
  const policy = rulesOf['revert-target'];
  const process = (): Delivery => world.delivery(everyStack, { policy });
  const first = await world.release();
  const second = await world.release();
  await deployRelease(process(), world.letIntoProd(first), 'prod');
  await deployRelease(process(), second, 'dev');
  const { promotion } = await preparePromotion(process(), second, 'prod');
  const id = promotion.body.promotion;
  await approvePromotion(process(), id, { login: 'alice', via: 'local' });
  return { world, id, ids: [releaseIdOf(first), releaseIdOf(second)] as const };
})();

/** The second release was promoted while the fault was there. */
async function played({ cloud, step, fault, policy, way }: Case) {
  const { world: before, id, ids } = await beginning;
  const world = before.fork();
  const process = (): Delivery => world.delivery(everyStack, { policy: rulesOf[policy] });
  const stack: StackName = `${cloud}-prod`;
  if (step === 'take-share-back') world.behave(stack, ids[1], 'control-plane-failed', 'share');
  if (/revert/.test(step)) world.behave(stack, ids[1], 'wrong-prediction', 'live');
  world.fault = { stack, step, fault };
  const legs = way === 'one process' ? [undefined] : prod.map((name) => [name]);
  const runs = legs.map((stacks) => {
    const run = promote(process(), id, { stacks }).catch((error: unknown) => error);
    // A lost process never ends; its siblings do.
    return fault === 'lost' && stacks?.includes(stack) !== false ? Promise.race([run, world.death.promise]) : run;
  });
  await Promise.all(runs);
  // What the lost process had begun at that moment, it did.
  await setImmediate();
  world.fault = undefined;
  world.pass(2 * hours);
  return { world, process, id, ids };
}

const stateOf = (world: World) => environmentState(world.facts, 'prod', everyStack, world.clock.now());

/** What the ledger claims, it serves. */
function expectHonest(world: World): void {
  for (const { stack, knows, runs } of stateOf(world).stacks) {
    if (knows === 'release') {
      expect(world.serving.get(stack), stack).toBe(runs);
      expect(world.sharing.get(stack), `${stack} gives a share`).toBeUndefined();
    } else expect(knows, stack).toBe('unknown');
  }
}

const cases: readonly Case[] = clouds.flatMap((cloud) =>
  deploymentSteps.flatMap((step) =>
    stepFaults.flatMap((fault) =>
      policies.flatMap((policy) => ways.map((way): Case => ({ cloud, step, fault, policy, way }))),
    ),
  ),
);

describe.each(clouds)('a fault on %s', (cloud) => {
  test.each(deploymentSteps)('at %s is never told otherwise than it is, and ends well', async (step) => {
    for (const one of cases.filter((found) => found.cloud === cloud && found.step === step)) {
      const { world, process, id, ids } = await played(one).catch((cause: unknown) => {
        throw new Error(JSON.stringify(one), { cause });
      });
      try {
        expectHonest(world);
        // A fault before anything began leaves a promotion that waits, or was refused.
        const began = /started|succeeded|failed/.test(promotionState(world.facts, id));
        const after = began ? await finalisePromotion(process(), id) : undefined;
        expect(after?.stacks.map(({ stack }) => stack).sort()).toEqual(began ? [...prod].sort() : undefined);
        const everywhere = prod.every((stack) => world.serving.get(stack) === ids[1]);
        if (promotionState(world.facts, id) === 'succeeded') expect(everywhere).toBe(true);
        expectHonest(world);
        await recover(process(), 'prod', { gone: true });
        expectHonest(world);
        const state = stateOf(world);
        // Only a release that is bad where it could not be taken back is proven by nobody.
        if (!/revert/.test(one.step)) expect(state.kind).not.toBe('unknown');
        if (state.release !== ids[0]) await rollback(process(), 'prod', { to: ids[0] });
        expectHonest(world);
        expect(stateOf(world)).toMatchObject({ kind: 'consistent', release: ids[0] });
      } catch (cause) {
        throw new Error(
          `${JSON.stringify(one)}\n${world.said.join('\n')}\n${JSON.stringify(stateOf(world), null, 1)}`,
          {
            cause,
          },
        );
      }
    }
  });
});

test('all of them are enumerated', () => {
  expect(cases).toHaveLength(3 * deploymentSteps.length * stepFaults.length * policies.length * ways.length);
});
