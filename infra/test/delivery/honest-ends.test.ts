import { describe, expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { environmentState } from '../../delivery/environment-state.ts';
import { finalisePromotion } from '../../delivery/finalise.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { recover } from '../../delivery/recover.ts';
import { noteRemoval } from '../../delivery/removal.ts';
import { rollback } from '../../delivery/rollback.ts';
import { statusTable } from '../../delivery/status.ts';
import { verdictOf } from '../../delivery/verdict.ts';
import { everyStack, policyText, World } from './world.ts';

/** The first release in prod, the second one approved for it. */
async function approved(policy: string) {
  const world = new World();
  const delivery = world.delivery(everyStack, { policy: parsePolicy(`${policyText}${policy}`) });
  const [first, second] = [await world.release(), await world.release()];
  await deployRelease(delivery, world.letIntoProd(first), 'prod');
  await deployRelease(delivery, second, 'dev');
  const { promotion } = await preparePromotion(delivery, second, 'prod');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  return { world, delivery, id: promotion.body.promotion, ids: [releaseIdOf(first), releaseIdOf(second)] as const };
}
const stateOf = (world: World) => environmentState(world.facts, 'prod', everyStack, world.clock.now());

test('a release that people meet errors with goes back, and the checks are in the ledger', async () => {
  const { world, delivery, id, ids } = await approved('watch: { seconds: 60 }\n');
  world.fault = { stack: 'gcp-prod', step: 'watch', fault: 'fail' };
  const { stacks } = await promote(delivery, id);
  expect(stacks.map(({ state }) => state)).toEqual(['healthy', 'reverted', 'healthy']);
  const gcp = stacks.find(({ stack }) => stack === 'gcp-prod');
  expect(gcp?.reason).toContain('traffic-errors: expected at most 1.1 %');
  // Two bad looks are enough; the others are watched to the end.
  const words = world.facts.flatMap((fact) => (fact.kind === 'deployment' ? [`${fact.stack} ${fact.body.state}`] : []));
  expect(words.indexOf('gcp-prod failed')).toBeLessThan(words.lastIndexOf('azure-prod healthy'));
  expect(words).toContain('gcp-prod failed');
  expect(world.serving.get('gcp-prod')).toBe(ids[0]);
  const found = world.facts.flatMap((fact) => (fact.kind === 'verification' ? fact.body.checks : []));
  expect(found).toContainEqual(expect.objectContaining({ name: 'traffic-errors', outcome: 'failed' }));
});

test('revert-all takes the release back where it was good, and prod is what it was', async () => {
  const { world, delivery, id, ids } = await approved('promotions: { onTargetFailure: revert-all }\n');
  world.behave('gcp-prod', ids[1], 'not-ready');
  const { stacks } = await promote(delivery, id);
  expect(stacks.map(({ state }) => state)).toEqual(['reverted', 'reverted', 'reverted']);
  expect(stacks[0]?.reason).toContain('it failed on gcp-prod, and policy.yaml says revert-all');
  expect(stateOf(world)).toMatchObject({ kind: 'consistent', release: ids[0] });
  expect([...world.serving].filter(([stack]) => stack.endsWith('-prod')).map(([, release]) => release)).toEqual([
    ids[0],
    ids[0],
    ids[0],
  ]);
});

test('hold leaves a bad release where it is, says so, and nobody claims to know what runs', async () => {
  const { world, delivery, id, ids } = await approved('promotions: { onTargetFailure: hold }\n');
  world.behave('gcp-prod', ids[1], 'not-ready', 'live');
  const { stacks } = await promote(delivery, id);
  expect(stacks[1]).toMatchObject({ state: 'failed', reason: expect.stringContaining('left as it is') });
  expect(world.serving.get('gcp-prod')).toBe(ids[1]);
  expect(stateOf(world).kind).toBe('unknown');
});

test('a leg that was lost is unknown at the end, one that never began touched nothing, and neither is a success', async () => {
  const { world, delivery, id } = await approved('');
  await promote(delivery, id, { stacks: ['aws-prod'] });
  world.fault = { stack: 'gcp-prod', step: 'update', fault: 'lost' };
  void promote(world.delivery(), id, { stacks: ['gcp-prod'] });
  await world.death.promise;
  world.fault = undefined;
  const ended = await finalisePromotion(delivery, id);
  expect(ended.stacks.map(({ stack, state }) => `${stack} ${state}`)).toEqual([
    'aws-prod healthy',
    'gcp-prod unknown',
    'azure-prod skipped',
  ]);
  expect(ended).toMatchObject({ state: 'failed', reason: 'gcp-prod unknown, azure-prod never began' });
  const [, prod] = statusTable(world.facts, delivery.stacks, {}, world.nowMs).environments;
  expect(prod?.unknown).toEqual([expect.stringContaining('gcp-prod is unknown: unknown')]);
  expect(await recover(delivery, 'prod')).toContainEqual(
    expect.objectContaining({ stack: 'gcp-prod', outcome: 'found' }),
  );
});

test('a job that spoke lately is not disturbed, unless somebody knows that it is gone', async () => {
  const { world, delivery, id, ids } = await approved('');
  world.fault = { stack: 'gcp-prod', step: 'update', fault: 'lost' };
  void promote(world.delivery(), id, { stacks: ['gcp-prod'] });
  await world.death.promise;
  world.fault = undefined;
  expect(await recover(delivery, 'prod', { stacks: ['gcp-prod'] })).toMatchObject([{ outcome: 'busy' }]);
  expect(await recover(delivery, 'prod', { stacks: ['gcp-prod'], gone: true })).toMatchObject([
    { outcome: 'found', runs: ids[1] },
  ]);
});

test('what was recovered is compared with its siblings when the promotion ends', async () => {
  const { world, delivery, id, ids } = await approved('');
  await promote(delivery, id, { stacks: ['aws-prod', 'azure-prod'] });
  world.behave('gcp-prod', ids[1], 'off-by-some');
  world.behave('aws-prod', ids[1], 'off-the-other-way');
  world.fault = { stack: 'gcp-prod', step: 'update', fault: 'lost' };
  void promote(world.delivery(), id, { stacks: ['gcp-prod'] });
  await world.death.promise;
  world.fault = undefined;
  await recover(delivery, 'prod', { gone: true });
  expect((await finalisePromotion(delivery, id)).parity).toMatchObject({ outcome: 'failed' });
});

test('a rollback overtakes a promotion under way, and holds what it leaves', async () => {
  const { world, delivery, id, ids } = await approved('');
  world.fault = { stack: 'gcp-prod', step: 'prove', fault: 'lost' };
  void promote(world.delivery(), id, { stacks: ['gcp-prod'] });
  await world.death.promise;
  world.fault = undefined;
  const { stacks } = await rollback(delivery, 'prod', { to: ids[0], reason: 'wrong vintage' });
  expect(stacks.every(({ state }) => state === 'healthy')).toBe(true);
  expect(stateOf(world)).toMatchObject({ kind: 'consistent', release: ids[0] });
  expect(world.facts.filter(({ kind }) => kind === 'hold')).toMatchObject([
    { release: ids[1], body: { reason: expect.stringContaining('wrong vintage') } },
  ]);
  await expect(promote(delivery, id, { stacks: ['aws-prod'] })).rejects.toThrow('a rollback by requester');
});

test('a rollback looks further back where a registry lost the nearer image', async () => {
  const world = new World();
  const delivery = world.delivery();
  const made = [await world.release(), await world.release(), await world.release()];
  for (const manifest of made) await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  world.images.delete(made[1]?.image.copies[0]?.ref ?? '');
  const [oldest] = made;
  expect((await rollback(delivery, 'prod')).release).toBe(oldest === undefined ? '' : releaseIdOf(oldest));
});

test('a stack that was taken down runs nothing', async () => {
  const { world, delivery } = await approved('');
  const [target] = delivery.stacks.filter(({ stack }) => stack.name === 'aws-prod');
  if (target !== undefined) await noteRemoval(delivery, target.stack);
  expect(stateOf(world).stacks.find(({ stack }) => stack === 'aws-prod')).toMatchObject({
    knows: 'nothing',
    runs: null,
  });
  expect(stateOf(world).kind).toBe('split');
});

describe('an attempt that is overtaken', () => {
  /** The second release is being deployed to one stack when, once, the third one is deployed there as a whole. */
  async function overtaken(when: 'before its update' | 'after its proof') {
    const world = new World();
    const delivery = world.delivery(['gcp-dev']);
    const [first, second, third] = [await world.release(), await world.release(), await world.release()];
    await deployRelease(delivery, first, 'dev');
    let left = 1;
    const overtake = async () => {
      if (left-- > 0) await deployRelease(delivery, third, 'dev');
    };
    const outcome = await deployRelease(
      {
        ...delivery,
        deployer: {
          ...delivery.deployer,
          deploy: async (...asked) => {
            if (when === 'before its update') await overtake();
            return delivery.deployer.deploy(...asked);
          },
        },
        fetch: async (input, init) => {
          const answer = await delivery.fetch(input, init);
          if (when === 'after its proof' && String(input).endsWith('/predict')) await overtake();
          return answer;
        },
      },
      second,
      'dev',
    );
    return { world, outcome, first: releaseIdOf(first), third: releaseIdOf(third) };
  }

  test.each(['before its update', 'after its proof'] as const)('%s leaves the other one there', async (when) => {
    const { world, outcome, first, third } = await overtaken(when);
    const touched = when === 'after its proof';
    expect(outcome.stacks[0]).toMatchObject({
      state: 'skipped',
      reason: expect.stringContaining(`overtaken by ${third}`),
      runs: touched ? null : first,
      overtaken: { by: expect.stringContaining(third), touched },
    });
    const { code, sentence } = verdictOf(outcome.release, outcome.stacks);
    expect(sentence).toMatch(
      new RegExp(`^${outcome.release} was overtaken by ${third} .* and touched nothing${touched ? ' more' : ''}$`),
    );
    expect(code).toBe(touched ? 'errored' : 'refused');
    expect(world.serving.get('gcp-dev')).toBe(third);
    expect(environmentState(world.facts, 'dev', ['gcp-dev'], world.nowMs)).toMatchObject({
      kind: 'consistent',
      release: third,
    });
    expect(statusTable(world.facts, world.delivery(['gcp-dev']).stacks).environments[0]?.stacks[0]?.runs).toBe(third);
  });
});

test('what a rule refuses before anything is touched ends as refused, not as something nobody can tell', async () => {
  const world = new World();
  const usual = world.delivery(['gcp-dev']);
  const deploy = async () => {
    throw new DeliveryError('refused', 'no-plain-secret: env.PASSWORD', { hint: 'name it under `secrets`' });
  };
  const delivery = { ...usual, deployer: { ...usual.deployer, deploy } };
  const { release, stacks } = await deployRelease(delivery, await world.release(), 'dev');
  expect(stacks).toMatchObject([{ state: 'skipped', refused: true }]);
  expect(verdictOf(release, stacks)).toEqual({
    code: 'refused',
    sentence: `${release} was refused on gcp-dev: nothing was touched there`,
  });
});
