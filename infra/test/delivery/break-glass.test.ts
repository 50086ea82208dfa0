import { expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { factInWords } from '../../delivery/history.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { freezeEnvironment, holdRelease } from '../../delivery/stop.ts';
import { warningsOf } from '../../delivery/warnings.ts';
import { policyText, World } from './world.ts';

const dana = { login: 'dana', via: 'local' } as const;
const breakGlass = 'prod is down, and everybody else sleeps';

async function waiting() {
  const world = new World();
  const policy = parsePolicy(policyText.replace('approvers: []', 'approvers: [robin], breakGlass: [dana]'));
  const delivery = world.delivery(undefined, { policy });
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  return { world, delivery, manifest, policy, id: promotion.body.promotion };
}

test('an author, and no approver, may break glass where the policy names them; every view says so', async () => {
  const { world, delivery, manifest, policy, id } = await waiting();
  await expect(approvePromotion(delivery, id, dana)).rejects.toThrow('wrote a commit');
  const approval = await approvePromotion(delivery, id, dana, { breakGlass });
  expect(factInWords(approval)).toContain(`BREAKING GLASS: ${breakGlass}`);
  await promote(delivery, id);
  expect(warningsOf(world.facts, policy, world.nowMs)).toEqual([
    `BROKEN GLASS: dana let ${releaseIdOf(manifest)} into prod (${id}): ${breakGlass}`,
  ]);
});

test('nobody else may, nor by a way that the policy does not accept', async () => {
  const { delivery, id } = await waiting();
  await expect(approvePromotion(delivery, id, { login: 'eve', via: 'local' }, { breakGlass })).rejects.toThrow(
    'eve may not break glass: approvals.breakGlass of policy.yaml names dana',
  );
  await expect(approvePromotion({ ...delivery, emulated: false }, id, dana, { breakGlass })).rejects.toThrow(
    'real clouds accept',
  );
});

test('what was approved stays bound: a changed plan, a hold and a freeze refuse it all the same', async () => {
  const { world, delivery, manifest, policy, id } = await waiting();
  await approvePromotion(delivery, id, dana, { breakGlass });
  world.changePlan('gcp-prod', 'another');
  await holdRelease(delivery, releaseIdOf(manifest), 'bad');
  await freezeEnvironment(delivery, 'prod', 'stop');
  await expect(promote(delivery, id)).rejects.toThrow(/prod is frozen.*is held by.*the plan of gcp-prod is another/);
  expect(world.deployments.filter((one) => one.includes('-prod'))).toEqual([]);
  expect(warningsOf(world.facts, policy, world.nowMs)).toHaveLength(2);
});
