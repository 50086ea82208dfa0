import { expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { stackTruth } from '../../delivery/environment-state.ts';
import { World } from './world.ts';

test('a ledger that refuses a word after a stack was touched does not make it one that was not', async () => {
  const world = new World();
  const delivery = world.delivery();
  const first = await world.release();
  await deployRelease(delivery, first, 'dev');
  const second = await world.release();
  let refusals = 0;
  const ledger: typeof delivery.ledger = {
    ...delivery.ledger,
    async append(decide) {
      const wanted = decide(await delivery.ledger.facts());
      const isProving = wanted.some((fact) => fact.kind === 'deployment' && fact.body.state === 'proving');
      if (isProving && refusals++ === 0) throw new DeliveryError('refused', 'GitHub refuses to append');
      return delivery.ledger.append(decide);
    },
  };
  const { stacks } = await deployRelease({ ...delivery, ledger }, second, 'dev', { stacks: ['gcp-dev'] });
  expect([refusals, stacks.map(({ state }) => state)]).toEqual([1, ['unknown']]);
  expect(stackTruth(world.facts, 'gcp-dev')).toMatchObject({ knows: 'unknown', tried: releaseIdOf(second) });
});
