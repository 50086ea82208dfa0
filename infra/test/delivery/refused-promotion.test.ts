// A promotion that somebody refused before any job of it ran: finalise ends it in the ledger, and the same release may be promoted again.
import { expect, test } from 'vitest';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { finalisePromotion } from '../../delivery/finalise.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { promotionState } from '../../delivery/promotion-state.ts';
import { everyStack, World } from './world.ts';

async function waiting() {
  const world = new World();
  const delivery = world.delivery(everyStack);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  return { world, delivery, manifest, id: promotion.body.promotion };
}

const no = async () => ({ reason: 'rita rejected it on GitHub', login: 'rita' });

test('the reviewer said no: refused by them, nothing was touched, and it waits no more', async () => {
  const { world, delivery, manifest, id } = await waiting();
  await expect(finalisePromotion(delivery, id, no)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('was refused, nothing was touched: rita rejected it on GitHub'),
  });
  expect(world.facts.at(-1)).toMatchObject({
    kind: 'promotion',
    actor: { login: 'rita', via: 'github' },
    body: { promotion: id, state: 'refused', reason: 'rita rejected it on GitHub' },
  });
  expect(world.facts.some((fact) => 'stack' in fact && fact.environment === 'prod')).toBe(false);
  await expect(approvePromotion(delivery, id, { login: 'alice', via: 'local' })).rejects.toThrow('is refused');

  world.nowMs += 1_000;
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  expect(world.facts.filter(({ kind }) => kind === 'superseded')).toEqual([]);
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const { stacks } = await promote(delivery, promotion.body.promotion);
  expect(stacks.every(({ state }) => state === 'healthy')).toBe(true);
});

test('where nobody knows who said no, whoever ends it stands there', async () => {
  const { world, delivery, id } = await waiting();
  const cancelled = async () => ({ reason: 'its run was cancelled on GitHub' });
  await expect(finalisePromotion(delivery, id, cancelled)).rejects.toThrow('its run was cancelled');
  expect(world.facts.at(-1)).toMatchObject({ actor: delivery.actor, body: { state: 'refused' } });
});

test('asked twice, it is written once', async () => {
  const { world, delivery, id } = await waiting();
  await expect(finalisePromotion(delivery, id, no)).rejects.toMatchObject({ code: 'refused' });
  const before = world.facts.length;
  await expect(finalisePromotion(delivery, id, no)).rejects.toThrow('rita rejected it');
  expect(world.facts).toHaveLength(before);
});

test('nobody said no: it still waits', async () => {
  const { world, delivery, id } = await waiting();
  await expect(finalisePromotion(delivery, id, async () => undefined)).rejects.toMatchObject({
    code: 'approval-needed',
  });
  expect(promotionState(world.facts, id)).toBe('prepared');
});

test('of one that has started, nobody is asked: its legs say how it ended', async () => {
  const { delivery, id } = await waiting();
  await approvePromotion(delivery, id, { login: 'alice', via: 'local' });
  await promote(delivery, id);
  let asked = 0;
  const ended = await finalisePromotion(delivery, id, async () => {
    asked++;
    return no();
  });
  expect({ asked, state: ended.state }).toEqual({ asked: 0, state: 'succeeded' });
});

test('superseded while it was asked: that stands', async () => {
  const { world, delivery, manifest, id } = await waiting();
  const meanwhile = async () => {
    world.nowMs += 1_000;
    await preparePromotion(delivery, manifest, 'prod');
    return no();
  };
  await expect(finalisePromotion(delivery, id, meanwhile)).rejects.toThrow('was superseded');
  expect(promotionState(world.facts, id)).toBe('superseded');
});
