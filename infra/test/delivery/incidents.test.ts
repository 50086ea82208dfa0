// Each guard plays the public incident, or the report, that it comes from.
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
import { freezeEnvironment, holdRelease, liftHold, thawEnvironment } from '../../delivery/stop.ts';
import { policyText, World } from './world.ts';

const alice = { login: 'alice', via: 'local' } as const;

async function approved(world = new World(), delivery: Delivery = world.delivery()) {
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const id = promotion.body.promotion;
  await approvePromotion(delivery, id, alice);
  return { world, delivery, manifest, id };
}

/** @returns the refusal, once it is sure that no stack was touched. */
async function refusal(world: World, attempt: () => Promise<unknown>): Promise<string> {
  const before = world.deployments.length;
  const error: unknown = await attempt().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(world.deployments).toHaveLength(before);
  expect(error).toMatchObject({ code: 'refused' });
  return error instanceof Error ? error.message : '';
}

describe('an old run of GitHub Actions is run again', () => {
  // For 30 days, with the rights and the commit it had: https://docs.github.com/actions/managing-workflow-runs/re-running-workflows-and-jobs
  test('three releases later: refused, its promotion has ended', async () => {
    const first = await approved();
    const { world, delivery } = first;
    await promote(delivery, first.id);
    for (let index = 0; index < 3; index++) await promote(delivery, (await approved(world, delivery)).id);
    expect(await refusal(world, () => promote(delivery, first.id))).toContain(`promotion ${first.id} is succeeded`);
  });

  test('and prepares the old release anew: refused, what runs is newer (https://github.com/richlander/dotnet-inspect/pull/5660)', async () => {
    const first = await approved();
    const { world, delivery } = first;
    await promote(delivery, first.id);
    await promote(delivery, (await approved(world, delivery)).id);
    const words = await refusal(world, () => preparePromotion(delivery, first.manifest, 'prod'));
    expect(words).toContain('which is newer: to go back, npx trireme rollback');
  });
});

describe('a run that waited in the queue wakes up late', () => {
  // https://github.com/elizaOS/eliza/pull/14084 and https://github.com/hikariming/ghfind/pull/181: it overwrote what was newer
  test('after a newer promotion: it was superseded, and stays so although it was approved first', async () => {
    const { world, delivery, id } = await approved();
    await promote(delivery, (await approved(world, delivery)).id);
    expect(await refusal(world, () => promote(delivery, id))).toContain(`promotion ${id} is superseded`);
  });

  test('days after the preparation: what the approver saw is too long ago, and it is prepared anew', async () => {
    const world = new World();
    const lasting = policyText.replace('expiresHours: 24', 'expiresHours: 9999');
    const delivery = world.delivery(undefined, { policy: parsePolicy(lasting) });
    const { id } = await approved(world, delivery);
    world.pass(73 * 3600);
    expect(await refusal(world, () => promote(delivery, id))).toMatch(
      /went stale at .*; prm-\w+ was prepared in its place/,
    );
    const waiting = world.facts.findLast((fact) => fact.kind === 'promotion');
    expect(waiting).toMatchObject({ body: { state: 'prepared', requestedBy: 'requester' } });
    world.pass(73 * 3600);
    const again = waiting?.kind === 'promotion' ? waiting.body.promotion : '';
    await expect(approvePromotion(delivery, again, alice)).rejects.toThrow('went stale at');
  });
});

test('two people promote at once: one is prepared, the other can no longer be approved (https://github.com/spinnaker/keel/issues/1100)', async () => {
  const { world, delivery, id } = await approved();
  const second = await approved(world, delivery);
  const words = await refusal(world, () => approvePromotion(delivery, id, alice));
  expect(words).toContain(`promotion ${id} is superseded`);
  expect((await promote(delivery, second.id)).stacks.map(({ state }) => state)).toEqual([
    'healthy',
    'healthy',
    'healthy',
  ]);
});

test('a slower, older run ends last: it is not even begun beside a newer one (https://github.com/orgs/community/discussions/199398)', async () => {
  const { world, delivery, id } = await approved();
  await promote(delivery, id, { stacks: ['aws-prod'] });
  const newer = await world.release();
  await deployRelease(delivery, newer, 'dev');
  expect(await refusal(world, () => preparePromotion(delivery, newer, 'prod'))).toContain(`${id} of `);
});

test('a release is proven in dev on one target, not on all: refused (any upstream was enough in https://github.com/akuity/kargo/issues/3207)', async () => {
  const world = new World();
  const delivery = world.delivery();
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev', { stacks: ['gcp-dev'] });
  expect(await refusal(world, () => preparePromotion(delivery, manifest, 'prod'))).toContain(
    'not verified on aws-dev, azure-dev',
  );
});

describe('stop the line (https://github.com/akuity/kargo/issues/1422)', () => {
  test('frozen before, approved or not: nothing is prepared, and nothing that was is started; rolling back goes on', async () => {
    const first = await approved();
    const { world, delivery } = first;
    await promote(delivery, first.id);
    const second = await approved(world, delivery);
    await promote(delivery, second.id);
    const third = await approved(world, delivery);
    await freezeEnvironment(delivery, 'prod', 'the database moves');
    const words = await refusal(world, () => promote(delivery, third.id));
    expect(words).toContain('prod is frozen by requester: the database moves');
    expect(words).not.toContain('was prepared in its place');
    expect(await refusal(world, () => preparePromotion(delivery, third.manifest, 'prod'))).toContain('prod is frozen');
    expect((await rollback(delivery, 'prod')).release).toBe(releaseIdOf(first.manifest));
    await thawEnvironment(delivery, 'prod', 'it has moved');
    expect((await preparePromotion(delivery, third.manifest, 'prod')).promotion.body.state).toBe('prepared');
  });

  test('frozen while it goes on: stacks that were not touched stay so', async () => {
    const { world, delivery, id } = await approved();
    await promote(delivery, id, { stacks: ['gcp-prod'] });
    await freezeEnvironment(delivery, 'prod', 'stop');
    const words = await refusal(world, () => promote(delivery, id, { stacks: ['aws-prod'] }));
    expect(words).toContain('aws-prod, which was not touched: prod is frozen');
    expect(promotionState(world.facts, id)).toBe('failed');
  });

  test('a window of the policy (https://github.com/akuity/kargo/issues/1328)', async () => {
    const { world, delivery, id } = await approved();
    const window =
      '{ environment: prod, from: 2026-11-20T00:00:00Z, until: 2026-11-23T00:00:00Z, reason: the big sale }';
    const frozen = { ...delivery, policy: parsePolicy(`${policyText}freezes: [${window}]`) };
    expect(await refusal(world, () => promote(frozen, id))).toContain('the big sale');
  });
});

describe('a release that is known to be bad (https://github.com/spinnaker/keel/issues/772)', () => {
  test('is held: its approval does not help it, until the hold is lifted', async () => {
    const { world, delivery, manifest, id } = await approved();
    await holdRelease(delivery, releaseIdOf(manifest), 'it answers nonsense');
    expect(await refusal(world, () => promote(delivery, id))).toContain('is held by requester');
    await expect(holdRelease(delivery, '1', 'again')).rejects.toMatchObject({ code: 'refused' });
    await liftHold(delivery, '1', 'it was the test');
    expect((await preparePromotion(delivery, manifest, 'prod')).promotion.body.state).toBe('prepared');
  });
});

describe('one target failed and the others kept the new version (https://github.com/hashicorp/nomad/issues/8210)', () => {
  async function split() {
    const first = await approved();
    const { world, delivery } = first;
    await promote(delivery, first.id);
    const second = await approved(world, delivery);
    world.behave('gcp-prod', releaseIdOf(second.manifest), 'not-ready');
    await promote(delivery, second.id);
    const third = await world.release();
    await deployRelease(delivery, third, 'dev');
    return { world, delivery, first, second, third };
  }

  test('a third release is refused; the same one, a rollback and an override are the ways out', async () => {
    const { world, delivery, second, third } = await split();
    expect(await refusal(world, () => preparePromotion(delivery, third, 'prod'))).toContain(
      'prod is split: aws-prod runs',
    );
    world.behave('gcp-prod', releaseIdOf(second.manifest), 'good');
    const { promotion } = await preparePromotion(delivery, second.manifest, 'prod');
    await approvePromotion(delivery, promotion.body.promotion, alice);
    await promote(delivery, promotion.body.promotion);
    expect((await preparePromotion(delivery, third, 'prod')).promotion.body.override).toBeUndefined();
  });

  test('an override is in the promotion that is approved, with its reason', async () => {
    const { delivery, third } = await split();
    const { promotion } = await preparePromotion(delivery, third, 'prod', { override: 'gcp is down for a day' });
    expect(promotion.body.override).toBe('gcp is down for a day');
    await approvePromotion(delivery, promotion.body.promotion, alice);
    expect((await promote(delivery, promotion.body.promotion)).stacks).toHaveLength(3);
  });

  test('a rollback brings it together', async () => {
    const { delivery, first } = await split();
    const outcome = await rollback(delivery, 'prod', { to: releaseIdOf(first.manifest) });
    expect(new Set(outcome.stacks.map(({ runs }) => runs))).toEqual(new Set([releaseIdOf(first.manifest)]));
  });
});

test('a release is promoted minutes after it reached dev: refused until it has soaked (requiredSoakTime, https://github.com/akuity/kargo)', async () => {
  const world = new World();
  const policy = parsePolicy(`${policyText}promotions: { soakMinutes: 30 }`);
  const delivery = world.delivery(undefined, { policy });
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  expect(await refusal(world, () => preparePromotion(delivery, manifest, 'prod'))).toMatch(
    /proven on aws-dev for .* min/,
  );
  world.pass(31 * 60);
  expect((await preparePromotion(delivery, manifest, 'prod')).promotion.body.state).toBe('prepared');
});

test('who wrote a skipped release approves what brings it: refused (self-review alone compares the one who asked, https://docs.github.com/actions/managing-workflow-runs/reviewing-deployments)', async () => {
  const first = await approved();
  const { world, delivery } = first;
  await promote(delivery, first.id);
  const { source } = first.manifest;
  await world.release({ source: { ...source, authors: ['alice'] } });
  const third = await world.release();
  await deployRelease(delivery, third, 'dev');
  const { promotion } = await preparePromotion(delivery, third, 'prod');
  await expect(approvePromotion(delivery, promotion.body.promotion, alice)).rejects.toThrow(
    'alice wrote a commit that this promotion brings (alice)',
  );
});
