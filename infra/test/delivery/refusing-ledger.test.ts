import { expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import type { NewFact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { stackTruth } from '../../delivery/environment-state.ts';
import { takeBackAll } from '../../delivery/take-back.ts';
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

/** A ledger that does not answer, or refuses, the words that `fault` names an error for. */
function faulty(delivery: Delivery, fault: (word: NewFact) => 'errored' | 'refused' | undefined): Delivery {
  const append: Delivery['ledger']['append'] = async (decide) => {
    const codes = decide(await delivery.ledger.facts()).flatMap((word) => fault(word) ?? []);
    for (const code of codes) throw new DeliveryError(code, `the ledger: ${code}`);
    return delivery.ledger.append(decide);
  };
  return { ...delivery, ledger: { ...delivery.ledger, append } };
}

test.each([
  ['the word that it is healthy', (word: NewFact) => word.kind === 'deployment' && word.body.state === 'healthy'],
  ['what was found', (word: NewFact) => word.kind === 'verification'],
])('no word that it was proving, and a refusal of %s: nobody can tell', async (_name, refused) => {
  const world = new World();
  const delivery = world.delivery(['gcp-dev']);
  await deployRelease(delivery, await world.release(), 'dev');
  const second = await world.release();
  const twice = faulty(delivery, (word) => {
    if (word.kind === 'deployment' && word.body.state === 'proving') return 'errored';
    return refused(word) ? 'refused' : undefined;
  });
  const { stacks } = await deployRelease(twice, second, 'dev');
  expect(stacks).toMatchObject([{ state: 'unknown', runs: null }]);
  expect(world.serving.get('gcp-dev')).toBe(releaseIdOf(second));
  expect(stackTruth(world.facts, 'gcp-dev')).toMatchObject({ knows: 'unknown', tried: releaseIdOf(second) });
});

test('a refusal before anything was begun still says that nothing was', async () => {
  const world = new World();
  const delivery = world.delivery(['gcp-dev']);
  const first = await world.release();
  await deployRelease(delivery, first, 'dev');
  const second = await world.release();
  world.behave('gcp-dev', releaseIdOf(second), 'config-invalid');
  const { stacks } = await deployRelease(delivery, second, 'dev');
  expect(stacks).toMatchObject([{ state: 'skipped', runs: releaseIdOf(first) }]);
});

test('taking back, and a refusal of the word that it is done: nobody can tell, and the ledger says so', async () => {
  const world = new World();
  const delivery = world.delivery(['aws-dev']);
  const [first, second] = [await world.release(), await world.release()];
  await deployRelease(delivery, first, 'dev');
  const { stacks } = await deployRelease(delivery, second, 'dev');
  const refusing = faulty(delivery, (word) =>
    word.kind === 'deployment' && word.body.state === 'reverted' ? 'refused' : undefined,
  );
  const taken = await takeBackAll(refusing, second, stacks, ['gcp-dev']);
  expect(world.serving.get('aws-dev')).toBe(releaseIdOf(first));
  expect(taken).toMatchObject([{ state: 'unknown', runs: null, reason: 'the ledger: refused' }]);
  expect(stackTruth(world.facts, 'aws-dev')).toMatchObject({ knows: 'unknown', state: 'unknown' });
});
