import { describe, expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { wasLetIn } from '../../delivery/promotion-state.ts';
import { rollback } from '../../delivery/rollback.ts';
import { provenOn } from '../../delivery/stack-state.ts';
import { holdRelease, liftHold } from '../../delivery/stop.ts';
import { World } from './world.ts';

async function prodAfter(count: number, stacks?: Parameters<World['delivery']>[0]) {
  const world = new World();
  const delivery = world.delivery(stacks);
  const releases = [];
  for (let index = 0; index < count; index++) {
    const manifest = await world.release();
    releases.push(manifest);
    await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  }
  return { world, delivery, releases, ids: releases.map(releaseIdOf) };
}

describe('a rollback', () => {
  test('goes to the previous healthy release by default, and records from where', async () => {
    const { world, delivery, ids } = await prodAfter(3);
    const outcome = await rollback(delivery, 'prod');
    expect(outcome.release).toBe(ids[1]);
    expect(outcome.stacks.every(({ runs }) => runs === ids[1])).toBe(true);
    const fact = world.facts.findLast(({ kind }) => kind === 'rollback');
    expect(fact).toMatchObject({ release: ids[1], body: { from: { 'aws-prod': ids[2], 'gcp-prod': ids[2] } } });
  });

  test('goes further back when it is asked again, until nothing is left', async () => {
    const { delivery, ids } = await prodAfter(3);
    await rollback(delivery, 'prod');
    expect((await rollback(delivery, 'prod')).release).toBe(ids[0]);
    await expect(rollback(delivery, 'prod')).rejects.toThrow('nothing to roll prod back to');
  });

  test('passes over a release that failed there', async () => {
    const { world, delivery, ids } = await prodAfter(2);
    const bad = await world.release();
    for (const stack of ['aws-prod', 'gcp-prod', 'azure-prod'] as const) {
      world.behave(stack, releaseIdOf(bad), 'not-ready');
    }
    await deployRelease(delivery, world.letIntoProd(bad), 'prod');
    expect((await rollback(delivery, 'prod')).release).toBe(ids[0]);
  });

  test('brings a split environment together on the last release that all its stacks proved', async () => {
    const { world, delivery, ids } = await prodAfter(2);
    const third = await world.release();
    world.behave('gcp-prod', releaseIdOf(third), 'not-ready');
    await deployRelease(delivery, world.letIntoProd(third), 'prod');
    expect((await rollback(delivery, 'prod')).release).toBe(ids[1]);
  });

  test('is refused when prod changed while the registries were asked', async () => {
    const { world, ids } = await prodAfter(3);
    const rolling = world.delivery();
    const slow = {
      resolve: async (ref: string) => {
        if (world.facts.every(({ kind }) => kind !== 'rollback')) await rollback(world.delivery(), 'prod');
        return world.images.get(ref);
      },
    };
    const refused = rollback({ ...rolling, registries: { aws: slow, gcp: slow, azure: slow } }, 'prod');
    await expect(refused).rejects.toThrow(`now leads to ${ids[0]}, not ${ids[1]}`);
  });

  test('goes to a named release, by id or number, on the stacks named', async () => {
    const { delivery, ids } = await prodAfter(3);
    const outcome = await rollback(delivery, 'prod', { to: '1', stacks: ['gcp-prod'], reason: 'wrong vintage' });
    expect(outcome).toMatchObject({ release: ids[0], stacks: [{ stack: 'gcp-prod', state: 'healthy' }] });
  });

  test('goes back where it is bad itself', async () => {
    const { world, delivery, ids } = await prodAfter(2, ['gcp-prod']);
    world.behave('gcp-prod', ids[0] ?? '', 'not-ready');
    const outcome = await rollback(delivery, 'prod');
    expect(outcome.stacks[0]).toMatchObject({ state: 'reverted', runs: ids[1] });
  });

  test('is refused to a release that prod never proved, to a newer one, and to one whose image is gone', async () => {
    const { world, delivery, releases, ids } = await prodAfter(2);
    const never = await world.release();
    await expect(rollback(delivery, 'prod', { to: releaseIdOf(never) })).rejects.toThrow(
      'prod never proved it on aws-prod',
    );
    await expect(rollback(delivery, 'prod', { to: ids[1] })).rejects.toThrow('not earlier than what prod runs');
    world.images.delete(releases[0]?.image.copies[2]?.ref ?? '');
    await expect(rollback(delivery, 'prod')).rejects.toThrow('not in every registry: azure has no such image');
    await expect(rollback(delivery, 'prod', { to: 'rel-9-nothing' })).rejects.toMatchObject({
      code: 'unknown-release',
    });
    expect(world.facts.some(({ kind }) => kind === 'rollback')).toBe(false);
  });

  test('never leads forward to a held release, also where nobody can tell what runs', async () => {
    const { world, delivery, ids } = await prodAfter(3);
    await rollback(delivery, 'prod');
    for (const stack of ['aws-prod', 'gcp-prod', 'azure-prod'] as const)
      world.behave(stack, ids[0] ?? '', 'control-plane-errored');
    await rollback(delivery, 'prod');
    await expect(rollback(delivery, 'prod', { to: ids[2] })).rejects.toThrow('it is held');
    await liftHold(delivery, ids[2] ?? '', 'it was the network');
    expect((await rollback(delivery, 'prod', { to: ids[2] })).stacks.every(({ runs }) => runs === ids[2])).toBe(true);
  });

  test('goes to an earlier release although it is held, where somebody names it', async () => {
    const { delivery, ids } = await prodAfter(3);
    await holdRelease(delivery, ids[0] ?? '', 'an old mistake');
    expect((await rollback(delivery, 'prod', { to: ids[0] })).release).toBe(ids[0]);
  });

  test('leads to no release that nobody let in, however well it is proven there', async () => {
    const { world, delivery, ids } = await prodAfter(1);
    const unasked = await world.release();
    await deployRelease(delivery, unasked, 'prod');
    await deployRelease(delivery, world.letIntoProd(await world.release()), 'prod');
    expect(provenOn(world.facts, 'aws-prod', releaseIdOf(unasked))).toBe(true);
    await expect(rollback(delivery, 'prod', { to: releaseIdOf(unasked) })).rejects.toThrow(
      'no approved promotion ever let it into prod',
    );
    expect((await rollback(delivery, 'prod')).release).toBe(ids[0]);
  });

  test('asks nobody who let it into dev', async () => {
    const world = new World();
    const delivery = world.delivery();
    const [first, second] = [await world.release(), await world.release()];
    for (const manifest of [first, second]) await deployRelease(delivery, manifest, 'dev');
    expect((await rollback(delivery, 'dev')).release).toBe(releaseIdOf(first));
  });

  test.each<[string, (kind: string, state: string) => boolean, boolean]>([
    ['a promotion that was approved and started', () => true, true],
    ['one that was never approved', (kind) => kind !== 'approval', false],
    ['one that never started', (_kind, state) => state !== 'started', false],
    ['no promotion', (kind) => kind === 'release', false],
  ])('%s lets a release into prod: %#', async (_name, isThere, expected) => {
    const world = new World();
    const id = releaseIdOf(world.letIntoProd(await world.release()));
    const facts = world.facts.filter((fact) => isThere(fact.kind, fact.kind === 'promotion' ? fact.body.state : ''));
    expect(wasLetIn(facts, 'prod', id)).toBe(expected);
    expect(wasLetIn(facts, 'prod', releaseIdOf(await world.release()))).toBe(false);
    expect(wasLetIn(facts, 'dev', id)).toBe(true);
  });
});
