import { describe, expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { promotionState } from '../../delivery/promotion-state.ts';
import { rollback } from '../../delivery/rollback.ts';
import { policyText, World } from './world.ts';

const alice = { login: 'alice', via: 'local' } as const;

async function prepared(world = new World(), delivery: Delivery = world.delivery()) {
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion, plans } = await preparePromotion(delivery, manifest, 'prod');
  return { world, delivery, manifest, promotion, plans, id: promotion.body.promotion };
}

const promotionStates = (world: World) =>
  world.facts.flatMap((one) => (one.kind === 'promotion' ? [one.body.state] : []));

describe('an approved promotion', () => {
  test('reaches every prod stack, and every step is in the ledger', async () => {
    const { world, delivery, id, promotion, plans } = await prepared();
    expect(Object.keys(promotion.body.plans)).toEqual(['aws-prod', 'gcp-prod', 'azure-prod']);
    expect(plans).toHaveLength(3);
    const approval = await approvePromotion(delivery, id, alice);
    expect(approval.body).toMatchObject({ approver: 'alice', promotion: id, manifest: promotion.body.manifest });
    const outcome = await promote(delivery, id);
    expect(outcome.stacks.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
    expect(promotionStates(world)).toEqual(['prepared', 'started', 'succeeded']);
  });

  test('takes the approval of whoever is asked, and waits where nobody is', async () => {
    const { delivery, id } = await prepared();
    await expect(promote(delivery, id)).rejects.toMatchObject({ code: 'approval-needed' });
    const nobody = { decide: async () => undefined };
    await expect(promote(delivery, id, { approver: nobody })).rejects.toMatchObject({ code: 'approval-needed' });
    const outcome = await promote(delivery, id, { approver: { decide: async () => ({ actor: alice }) } });
    expect(outcome.stacks).toHaveLength(3);
  });

  test('runs as one leg for each stack, and the last leg to end says how it ended', async () => {
    const { world, delivery, id } = await prepared();
    const approver = { decide: async () => ({ actor: alice }) };
    await promote(delivery, id, { approver, stacks: ['gcp-prod'] });
    expect(promotionStates(world)).toEqual(['prepared', 'started']);
    await Promise.all([
      promote(delivery, id, { approver, stacks: ['aws-prod'] }),
      promote(delivery, id, { approver, stacks: ['azure-prod'] }),
    ]);
    expect(promotionStates(world)).toEqual(['prepared', 'started', 'succeeded']);
    expect(world.facts.filter(({ kind }) => kind === 'approval')).toHaveLength(1);
  });

  test('ends a split: the leg of a stack that runs the release already changes nothing and refuses nothing', async () => {
    const { world, delivery, manifest } = await prepared();
    await deployRelease(delivery, manifest, 'prod', { stacks: ['aws-prod'] });
    const { promotion } = await preparePromotion(delivery, manifest, 'prod');
    const { promotion: id } = promotion.body;
    await approvePromotion(delivery, id, alice);
    for (const stack of ['aws-prod', 'gcp-prod', 'azure-prod'] as const)
      await promote(delivery, id, { stacks: [stack] });
    expect(promotionState(world.facts, id)).toBe('succeeded');
  });

  test('with a leg that is refused after another one started has failed, and the refusal claims no more than it knows', async () => {
    const { world, delivery, id } = await prepared();
    await approvePromotion(delivery, id, alice);
    await promote(delivery, id, { stacks: ['gcp-prod'] });
    world.changePlan('aws-prod', 'another');
    await expect(promote(delivery, id, { stacks: ['aws-prod'] })).rejects.toThrow(
      'was refused on aws-prod, which was not touched: the plan of aws-prod',
    );
    expect(world.facts.findLast((one) => one.kind === 'promotion')).toMatchObject({
      body: { state: 'failed', reason: expect.stringContaining('aws-prod refused: the plan of aws-prod') },
    });
  });

  test('that fails on one cloud leaves the others and says so', async () => {
    const { world, delivery } = await prepared();
    const first = await world.release();
    await deployRelease(delivery, first, 'prod');
    const { manifest, id } = await prepared(world, delivery);
    world.behave('gcp-prod', releaseIdOf(manifest), 'not-ready');
    await approvePromotion(delivery, id, alice);
    const outcome = await promote(delivery, id);
    expect(outcome.stacks.map(({ stack, state }) => `${stack} ${state}`)).toEqual([
      'aws-prod healthy',
      'gcp-prod reverted',
      'azure-prod healthy',
    ]);
    const end = world.facts.findLast((one) => one.kind === 'promotion');
    expect(end).toMatchObject({ body: { state: 'failed', reason: 'gcp-prod reverted' } });
  });
});

describe('what happened after the click', () => {
  const changes: readonly [string, (one: Awaited<ReturnType<typeof prepared>>) => Promise<void> | void, RegExp][] = [
    ['a plan changed', ({ world }) => world.changePlan('gcp-prod', 'another'), /the plan of gcp-prod is another/],
    ['the approval expired', ({ world }) => world.pass(25 * 3_600), /the approval expired at/],
    [
      'a registry lost the image',
      ({ world, manifest }) => void world.images.delete(manifest.image.copies[1]?.ref ?? ''),
      /gcp's registry has no such image/,
    ],
    [
      'somebody deployed to prod',
      async ({ world, delivery }) => {
        await deployRelease(delivery, await world.release(), 'prod', { stacks: ['aws-prod'] });
      },
      /aws-prod runs rel-2.*something else happened in prod since/,
    ],
    [
      'dev took it back',
      async ({ world, delivery, manifest }) => {
        world.behave('aws-dev', releaseIdOf(manifest), 'wrong-prediction');
        await deployRelease(delivery, manifest, 'dev', { stacks: ['aws-dev'] });
      },
      /not verified on aws-dev/,
    ],
  ];

  test.each(changes)('is refused by name, and nothing is touched: %s', async (_, change, reason) => {
    const one = await prepared();
    await approvePromotion(one.delivery, one.id, alice);
    await change(one);
    const before = one.world.deployments.length;
    await expect(promote(one.delivery, one.id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(reason),
    });
    expect(one.world.deployments).toHaveLength(before);
    expect(promotionState(one.world.facts, one.id)).toBe('refused');
    await expect(promote(one.delivery, one.id)).rejects.toThrow(`promotion ${one.id} is refused`);
  });

  test('in dev does not void the approval', async () => {
    const { world, delivery, id } = await prepared();
    await approvePromotion(delivery, id, alice);
    await deployRelease(delivery, await world.release(), 'dev');
    expect((await promote(delivery, id)).stacks.every(({ state }) => state === 'healthy')).toBe(true);
  });

  test('a rollback between two legs stops the later one', async () => {
    const { world, delivery } = await prepared();
    const [first, second] = [await world.release(), await world.release()];
    await deployRelease(delivery, world.letIntoProd(first), 'prod');
    await deployRelease(delivery, world.letIntoProd(second), 'prod');
    const { id } = await prepared(world, delivery);
    await approvePromotion(delivery, id, alice);
    await promote(delivery, id, { stacks: ['gcp-prod'] });
    await rollback(delivery, 'prod', { to: releaseIdOf(first) });
    await expect(promote(delivery, id, { stacks: ['aws-prod'] })).rejects.toThrow('a rollback by requester');
  });

  test('another promotion under way is waited for: none is prepared beside it until its jobs are lost for an hour', async () => {
    const { world, delivery, manifest, id } = await prepared();
    await approvePromotion(delivery, id, alice);
    await promote(delivery, id, { stacks: ['gcp-prod'] });
    await expect(preparePromotion(delivery, manifest, 'prod')).rejects.toMatchObject({
      message: expect.stringContaining(`${id} of ${releaseIdOf(manifest)} is being carried out in prod`),
      hint: expect.stringContaining(`--promotion ${id}`),
    });

    world.pass(2 * 3600);
    const { promotion } = await preparePromotion(delivery, manifest, 'prod');
    await approvePromotion(delivery, promotion.body.promotion, alice);
    expect((await promote(delivery, promotion.body.promotion)).stacks).toHaveLength(3);
  });

  test('a second run of a promotion that ended is refused', async () => {
    const { delivery, id } = await prepared();
    await approvePromotion(delivery, id, alice);
    await promote(delivery, id);
    await expect(promote(delivery, id)).rejects.toThrow(`promotion ${id} is succeeded`);
  });
});

describe('an approval', () => {
  test('is refused for an unknown promotion, with the nearest one', async () => {
    const { delivery, id } = await prepared();
    const near = `${id.slice(0, -1)}x`;
    await expect(approvePromotion(delivery, near, alice)).rejects.toMatchObject({
      code: 'usage',
      hint: `did you mean \`${id}\`?`,
    });
  });

  test('is refused for a promotion that a newer one superseded', async () => {
    const { world, delivery, id } = await prepared();
    await prepared(world, delivery);
    await expect(approvePromotion(delivery, id, alice)).rejects.toThrow(`promotion ${id} is superseded`);
  });

  test('is refused to an author and to the requester, and recorded nowhere', async () => {
    const { world, delivery, id } = await prepared();
    await expect(approvePromotion(delivery, id, { login: 'dana', via: 'local' })).rejects.toThrow(
      'dana wrote a commit',
    );
    await expect(approvePromotion(delivery, id, { login: 'requester', via: 'local' })).rejects.toThrow(
      'asked for this',
    );
    expect(world.facts.some(({ kind }) => kind === 'approval')).toBe(false);
  });

  test('given on this machine does not count on real clouds', async () => {
    const { delivery, id } = await prepared();
    const real = { ...delivery, emulated: false };
    await expect(approvePromotion(real, id, alice)).rejects.toThrow(
      'real clouds accept approvals by GitHub or by a signature only',
    );
    const approval = await approvePromotion(
      real,
      id,
      { login: 'alice', via: 'github' },
      { url: 'https://github.test/run/1' },
    );
    expect(approval).toMatchObject({ actor: { via: 'github' }, body: { url: 'https://github.test/run/1' } });
  });

  test('stops counting when the policy becomes stricter before it is used', async () => {
    const { delivery, id } = await prepared();
    await approvePromotion(delivery, id, alice);
    const stricter = { ...delivery, policy: parsePolicy(policyText.replace('approvers: []', 'approvers: [bob]')) };
    await expect(promote(stricter, id)).rejects.toThrow("alice is not among policy.yaml's approvers (bob)");
  });
});
