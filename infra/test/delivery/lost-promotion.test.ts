// A promotion whose jobs were lost, or ended before they knew of each other: who looks from outside does not keep it alive, and what is left is named.
import { expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { environmentState } from '../../delivery/environment-state.ts';
import { finalisePromotion, takeBackPromotion } from '../../delivery/finalise.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { recover } from '../../delivery/recover.ts';
import { rollback } from '../../delivery/rollback.ts';
import { verifyEnvironment } from '../../delivery/verify.ts';
import { everyStack, policyText, World } from './world.ts';

/** The first release in prod; the second one approved for it; a third one proven in dev. */
async function approved(onTargetFailure: 'revert-target' | 'revert-all') {
  const world = new World();
  const policy = parsePolicy(`${policyText}promotions: { onTargetFailure: ${onTargetFailure} }\n`);
  const delivery = world.delivery(everyStack, { policy });
  const [first, second, third] = [await world.release(), await world.release(), await world.release()];
  await deployRelease(delivery, world.letIntoProd(first), 'prod');
  for (const manifest of [second, third]) await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, second, 'prod');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const ids = { first: releaseIdOf(first), second: releaseIdOf(second) };
  return { world, delivery, id: promotion.body.promotion, ids, third };
}

async function loseLeg({ world, id }: Awaited<ReturnType<typeof approved>>): Promise<void> {
  world.fault = { stack: 'gcp-prod', step: 'update', fault: 'lost' };
  void promote(world.delivery(), id, { stacks: ['gcp-prod'] });
  await world.death.promise;
  world.fault = undefined;
}

test('looking at what a lost promotion left does not keep it alive for another hour', async () => {
  const stage = await approved('revert-target');
  const { world, delivery, third } = stage;
  await loseLeg(stage);
  const override = { override: 'the runner is gone' };
  await expect(preparePromotion(delivery, third, 'prod', override)).rejects.toThrow('is being carried out in prod');
  world.nowMs += 61 * 60_000;
  expect(await recover(delivery, 'prod', { stacks: ['gcp-prod'] })).toMatchObject([{ outcome: 'found' }]);
  await verifyEnvironment(delivery, 'prod');
  const { promotion } = await preparePromotion(delivery, third, 'prod', override);
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const { stacks } = await promote(delivery, promotion.body.promotion);
  expect(stacks.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
});

test('a word of its own jobs does keep it alive', async () => {
  const stage = await approved('revert-target');
  const { world, delivery, id, third } = stage;
  await loseLeg(stage);
  world.nowMs += 50 * 60_000;
  await promote(delivery, id, { stacks: ['aws-prod'] });
  world.nowMs += 50 * 60_000;
  const override = { override: 'the runner is gone' };
  await expect(preparePromotion(delivery, third, 'prod', override)).rejects.toThrow('is being carried out in prod');
});

/** Under `revert-all`, aws took it and ended before gcp failed. */
async function leftOnAws() {
  const stage = await approved('revert-all');
  const { world, delivery, id, ids } = stage;
  world.behave('gcp-prod', ids.second, 'not-ready');
  for (const stack of ['aws-prod', 'gcp-prod', 'azure-prod'] as const) await promote(delivery, id, { stacks: [stack] });
  return { ...stage, ended: await finalisePromotion(delivery, id) };
}

test('revert-all by legs: the leg that ended first is named, and what is left is taken back', async () => {
  const { world, delivery, ids, ended } = await leftOnAws();
  expect(ended.stacks.map(({ state }) => state)).toEqual(['healthy', 'reverted', 'reverted']);
  expect(ended).toMatchObject({ state: 'failed', left: ['aws-prod'] });
  expect(environmentState(world.facts, 'prod', everyStack, world.nowMs).kind).toBe('split');

  const elsewhere = await takeBackPromotion(delivery, ended, { stacks: ['azure-prod'] });
  expect(elsewhere.left).toEqual(['aws-prod']);
  const taken = await takeBackPromotion(delivery, ended);
  expect(taken.left).toEqual([]);
  expect(taken.stacks[0]).toMatchObject({ state: 'reverted', runs: ids.first });
  expect(environmentState(world.facts, 'prod', everyStack, world.nowMs)).toMatchObject({
    kind: 'consistent',
    release: ids.first,
  });
  expect((await finalisePromotion(delivery, ended.promotion)).left).toEqual([]);
});

test('revert-target leaves nothing behind that is to be taken back', async () => {
  const { world, delivery, id, ids } = await approved('revert-target');
  world.behave('gcp-prod', ids.second, 'not-ready');
  await promote(delivery, id, { stacks: ['aws-prod'] });
  await promote(delivery, id, { stacks: ['gcp-prod'] });
  expect(await finalisePromotion(delivery, id)).toMatchObject({ state: 'failed', left: [] });
});

test('no promotion starts while a stack is in the hands of somebody who takes the other one back', async () => {
  const { world, delivery, id, ids } = await approved('revert-all');
  await promote(delivery, id, { stacks: ['aws-prod'] });
  world.behave('gcp-prod', ids.second, 'not-ready');
  await promote(delivery, id, { stacks: ['gcp-prod'] });
  const ended = await finalisePromotion(delivery, id);
  world.fault = { stack: 'aws-prod', step: 'revert', fault: 'lost' };
  void takeBackPromotion(world.delivery(everyStack, { policy: delivery.policy }), ended);
  await world.death.promise;
  world.fault = undefined;
  const second = releaseFact(world, ids.second).body.manifest;
  const { promotion } = await preparePromotion(delivery, second, 'prod');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  await expect(promote(delivery, promotion.body.promotion, { stacks: ['azure-prod'] })).rejects.toThrow(
    /aws-prod is under way/,
  );
  expect(world.serving.get('azure-prod')).toBe(ids.first);
});

test('once a rollback has begun, an old promotion takes nothing back any more', async () => {
  const { world, delivery, ids, ended } = await leftOnAws();
  await rollback(delivery, 'prod', { to: ids.first });
  // Somebody lets it in once more, past the promotion that failed.
  await deployRelease(delivery, releaseFact(world, ids.second).body.manifest, 'prod', {
    stacks: ['aws-prod'],
  });
  expect(world.serving.get('aws-prod')).toBe(ids.second);
  await takeBackPromotion(delivery, ended);
  expect(world.serving.get('aws-prod')).toBe(ids.second);
  expect((await finalisePromotion(delivery, ended.promotion)).left).toEqual([]);
});

function releaseFact(world: World, id: string) {
  for (const fact of world.facts) if (fact.kind === 'release' && fact.release === id) return fact;
  throw new Error(`no release ${id}`);
}
