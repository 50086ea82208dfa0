// A plan that takes a service away: no promotion of it without a reason that its approver is shown, and no leg goes further than that.
import { expect, test } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import type { PlanChange } from '../../contract/plan.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { servingTypes } from '../../contract/replacement.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { everyStack, World } from './world.ts';

const anew: PlanChange = {
  urn: 'urn:pulumi:gcp-prod::trireme::service',
  type: servingTypes['cloud-run'],
  name: 'service',
  operation: 'replace',
  paths: ['location'],
};

async function provenInDev() {
  const world = new World();
  const delivery = world.delivery(everyStack);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  return { world, delivery, manifest, release: releaseIdOf(manifest) };
}

test('nobody said that it is meant: refused, and nothing is recorded', async () => {
  const { world, delivery, manifest } = await provenInDev();
  world.changes.set('gcp-prod', [anew]);
  const before = world.facts.length;
  await expect(preparePromotion(delivery, manifest, 'prod')).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('gcp-prod: its service on cloud-run is made anew'),
    hint: expect.stringContaining('npx trireme promote --release <release> --replace "<reason>"'),
  });
  expect(world.facts).toHaveLength(before);
});

test('somebody said why: it stands in the promotion, and its legs may', async () => {
  const { world, delivery, manifest, release } = await provenInDev();
  world.changes.set('gcp-prod', [anew]);
  const { promotion } = await preparePromotion(delivery, manifest, 'prod', { replace: 'the region closes' });
  expect(promotion.body).toMatchObject({ replace: 'the region closes' });
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  await promote(delivery, promotion.body.promotion);
  expect(world.mayReplace).toContain(`gcp-prod ${release}`);
});

test('a reason where nothing is taken away allows nothing', async () => {
  const { world, delivery, manifest } = await provenInDev();
  const { promotion } = await preparePromotion(delivery, manifest, 'prod', { replace: 'to be sure' });
  expect(promotion.body).not.toHaveProperty('replace');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  await promote(delivery, promotion.body.promotion);
  expect(world.mayReplace).toEqual([]);
});

test('a deployment may not unless it was told so; going back to a release never asks, where its own stack file is gone back to', async () => {
  const { world, delivery } = await provenInDev();
  const second = await world.release();
  const third = await world.release();
  await deployRelease(delivery, second, 'dev', { mayReplace: true, stacks: ['gcp-dev'] });
  expect(world.mayReplace).toEqual([`gcp-dev ${releaseIdOf(second)}`]);
  world.behave('aws-dev', releaseIdOf(third), 'not-ready');
  await deployRelease(delivery, third, 'dev', { stacks: ['aws-dev'] });
  expect(world.mayReplace).toEqual([`gcp-dev ${releaseIdOf(second)}`]);
  const file = 'as it was released';
  const infra = { program: digestOf('program'), stackConfigs: { 'aws-dev': digestOf(file) } };
  const kept = await world.release({ infra }, { 'aws-dev': file });
  await deployRelease(delivery, kept, 'dev', { stacks: ['aws-dev'] });
  await deployRelease(delivery, third, 'dev', { stacks: ['aws-dev'] });
  expect(world.mayReplace).toEqual([`gcp-dev ${releaseIdOf(second)}`, `aws-dev ${releaseIdOf(kept)}`]);
});
