import { describe, expect, test } from 'vitest';
import type { NewFact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { record, stamp } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { assertMayEnter, type PromotionQuestion, reasonsAgainst } from '../../delivery/promotion-rule.ts';
import { deployedIn } from '../../delivery/situation.ts';
import { World } from './world.ts';

/** A release that is proven in dev and may enter prod, and what would be asked about it. */
async function eligible(stacks?: Parameters<World['delivery']>[0]) {
  const world = new World();
  const delivery = world.delivery(stacks);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const digest = manifest.image.digest;
  const ask = async (change: Partial<PromotionQuestion> = {}): Promise<readonly string[]> =>
    reasonsAgainst({
      facts: world.facts,
      manifest,
      environment: 'prod',
      stacks: delivery.stacks,
      resolved: { aws: digest, gcp: digest, azure: digest },
      deployed: await deployedIn(delivery, delivery.stacks),
      emulated: true,
      policy: delivery.policy,
      nowMs: world.nowMs,
      ...change,
    });
  return { world, delivery, manifest, ask };
}

describe('a release may enter prod', () => {
  test('when every dev stack proved it', async () => {
    const { ask } = await eligible();
    expect(await ask()).toEqual([]);
  });

  test('when the one dev stack of a team with one cloud proved it', async () => {
    const { ask } = await eligible(['gcp-dev', 'gcp-prod']);
    expect(await ask()).toEqual([]);
  });
});

describe('a release may not enter prod', () => {
  test('when one dev stack did not prove it, although the others did', async () => {
    const { world, delivery, manifest, ask } = await eligible();
    const content: NewFact = {
      ...stamp(delivery),
      kind: 'verification',
      environment: 'dev',
      stack: 'gcp-dev',
      release: releaseIdOf(manifest),
      body: {
        outcome: 'failed',
        checks: [{ name: 'identity', outcome: 'failed', expected: 'a', found: 'b', seconds: 0, source: 'test' }],
      },
    };
    await record(delivery, content);
    expect(world.facts.at(-1)?.kind).toBe('verification');
    expect(await ask()).toEqual(['not verified on gcp-dev']);
  });

  test('when it was never deployed to dev, or no dev stack exists', async () => {
    const { world, delivery, ask } = await eligible();
    const other = await world.release();
    const resolved = { aws: other.image.digest, gcp: other.image.digest, azure: other.image.digest };
    expect(await ask({ manifest: other, resolved })).toEqual(['not verified on aws-dev, gcp-dev, azure-dev']);
    const onlyProd = delivery.stacks.filter(({ stack }) => stack.environment === 'prod');
    expect(await ask({ stacks: onlyProd })).toEqual(['no stack in dev exists that could have verified it']);
  });

  test('when it was built from a dirty tree, or as a layout for real clouds', async () => {
    const { world, delivery, ask } = await eligible();
    const dirty = await world.release({
      source: { repository: 'r', commit: 'a'.repeat(40), dirty: true, authors: ['x'] },
    });
    await deployRelease(delivery, dirty, 'dev');
    const resolved = { aws: dirty.image.digest, gcp: dirty.image.digest, azure: dirty.image.digest };
    expect(await ask({ manifest: dirty, resolved })).toEqual([expect.stringContaining('dirty tree at aaaaaaaaaaaa')]);
    expect(await ask({ emulated: false })).toEqual([expect.stringContaining('builder: layout')]);
  });

  test('when a registry lost its image or serves another', async () => {
    const { manifest, ask } = await eligible();
    const digest = manifest.image.digest;
    expect(await ask({ resolved: { aws: digest, gcp: 'sha256:other' } })).toEqual([
      expect.stringContaining("gcp's registry has sha256:other instead of"),
      expect.stringContaining("azure's registry has no such image instead of"),
    ]);
  });

  test('when prod runs a newer one: back is where only a rollback goes', async () => {
    const { world, delivery, ask } = await eligible();
    const newer = await world.release();
    await deployRelease(delivery, newer, 'prod');
    const reasons = await ask();
    expect(reasons).toEqual([expect.stringContaining(`azure-prod runs ${releaseIdOf(newer)}, which is newer`)]);
    expect(reasons[0]).toContain('npx trireme rollback');
  });

  test('when every prod stack runs it already, but it may when only some do', async () => {
    const { delivery, manifest, ask } = await eligible();
    await deployRelease(delivery, manifest, 'prod', { stacks: ['gcp-prod'] });
    expect(await ask()).toEqual([]);
    await deployRelease(delivery, manifest, 'prod');
    await expect(preparePromotion(delivery, manifest, 'prod')).rejects.toThrow('every stack in prod runs it already');
  });

  test('for all reasons at once, in one refusal', async () => {
    const { world, delivery } = await eligible();
    const other = await world.release();
    const question = {
      facts: world.facts,
      manifest: { ...other, source: { ...other.source, dirty: true } },
      environment: 'prod' as const,
      stacks: delivery.stacks,
      resolved: {},
      deployed: {},
      emulated: false,
      policy: delivery.policy,
      nowMs: world.nowMs,
    };
    expect(reasonsAgainst(question)).toHaveLength(6);
    expect(() => assertMayEnter(question)).toThrow(/not verified.*dirty tree.*layout.*aws's registry/);
  });
});
