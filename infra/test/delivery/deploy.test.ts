import { describe, expect, test } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { modelWord, releaseIdOf } from '../../contract/release.ts';
import type { Delivery } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { verdictOf } from '../../delivery/verdict.ts';
import { verifyEnvironment } from '../../delivery/verify.ts';
import { type Behaviour, World } from './world.ts';

const stateOf = (outcome: Awaited<ReturnType<typeof deployRelease>>) =>
  Object.fromEntries(outcome.stacks.map(({ stack, state }) => [stack, state]));

describe('a good release', () => {
  test('is healthy on every stack of the environment, with all checks and parity in the ledger', async () => {
    const world = new World();
    const manifest = await world.release();
    const outcome = await deployRelease(world.delivery(), manifest, 'dev');
    expect(stateOf(outcome)).toEqual({ 'aws-dev': 'healthy', 'gcp-dev': 'healthy', 'azure-dev': 'healthy' });
    expect(outcome.stacks[0]?.checks.map(({ name, outcome: found }) => `${name} ${found}`)).toEqual([
      'control-plane passed',
      'identity passed',
      'readiness passed',
      'golden-predictions passed',
      'parity passed',
    ]);
    expect(world.states('gcp-dev')).toEqual(['updating', 'proving', 'healthy']);
    expect(verdictOf(outcome.release, outcome.stacks).code).toBeUndefined();
  });

  test('whose image serves the first of its models alone is asked for that one: a release of such an image can be gone back to', async () => {
    const world = new World();
    const usual = world.delivery(['gcp-dev']);
    const models = ['wine', 'beer'].map((name) => ({ name, digest: digestOf(name) }));
    const manifest = await world.release({ models });
    const [first] = await usual.goldens.read(manifest, 'gcp');
    const { golden } = first ?? expect.fail('no golden predictions');
    const read = async () => models.map(({ name }) => ({ model: name, golden, isServed: name === 'wine' }));
    const { stacks } = await deployRelease({ ...usual, goldens: { read } }, manifest, 'dev');
    expect(stacks).toMatchObject([{ state: 'healthy' }]);
    expect(stacks[0]?.checks.filter(({ name }) => name.startsWith('golden'))).toHaveLength(1);
  });

  test('with several models is asked for the golden predictions of each, and fails with any of them', async () => {
    const world = new World();
    const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
    const challenger = { name: 'wine', digest: digestOf('b'), label: 'challenger' as const };
    const models = [{ name: 'wine', digest: digestOf('a') }, challenger, { name: 'beer', digest: digestOf('c') }];
    const manifest = await world.release({ models });
    const delivery = world.delivery(['gcp-dev']);
    const [first] = await delivery.goldens.read(manifest, 'gcp');
    const golden = first?.golden ?? expect.fail('no golden predictions');
    let beer = digestOf('c');
    const digests = new Map([
      ['/predict', () => digestOf('a')],
      ['/predict/wine/labels/challenger', () => digestOf('b')],
      ['/predict/beer', () => beer],
    ]);
    const deployed = () =>
      deployRelease(
        {
          ...delivery,
          goldens: { read: async () => models.map((model) => ({ model: modelWord(model), golden })) },
          fetch: (input, init) => {
            const digest = digests.get(new URL(String(input)).pathname);
            if (digest === undefined) return delivery.fetch(input, init);
            const predictions = golden.cases.map(({ output }) => output);
            return Promise.resolve(Response.json({ model: { digest: digest() }, predictions }));
          },
        },
        manifest,
        'dev',
      );
    const words = ({ stacks }: Awaited<ReturnType<typeof deployRelease>>) =>
      stacks[0]?.checks.flatMap(({ name, outcome }) => (name.startsWith('golden') ? [`${name}: ${outcome}`] : []));
    const passed = ['golden-predictions: passed', 'golden-predictions wine@bbbbbbbbbbbb: passed'];
    expect(words(await deployed())).toEqual([...passed, 'golden-predictions beer: passed']);
    beer = digestOf('d');
    const outcome = await deployed();
    expect(words(outcome)).toEqual([...passed, 'golden-predictions beer: failed']);
    // What it went back to is the same release.
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'revert-failed' });
  });

  test('fails parity on stacks that are each close enough to the golden answers but not to each other', async () => {
    const world = new World();
    const manifest = await world.release();
    world.behave('gcp-dev', releaseIdOf(manifest), 'off-by-some');
    world.behave('aws-dev', releaseIdOf(manifest), 'off-the-other-way');
    const outcome = await deployRelease(world.delivery(['gcp-dev', 'aws-dev']), manifest, 'dev');
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'failed', 'aws-dev': 'failed' });
    expect(outcome.stacks[0]?.reason).toContain('another answer than aws-dev: case 0, field confidence');
    expect(outcome.stacks[0]?.reason).toContain('it stays live');
    expect(verdictOf(outcome.release, outcome.stacks).code).toBe('failed');
  });

  test('speaks of one cloud where there is one, and compares nothing', async () => {
    const world = new World();
    const manifest = await world.release();
    const outcome = await deployRelease(world.delivery(['gcp-dev', 'gcp-prod']), manifest, 'dev');
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'healthy' });
    expect(outcome.stacks[0]?.checks.some(({ name }) => name === 'parity')).toBe(false);
  });

  test('goes to the named stacks only', async () => {
    const world = new World();
    const manifest = await world.release();
    const outcome = await deployRelease(world.delivery(), manifest, 'dev', { stacks: ['gcp-dev'] });
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'healthy' });
  });

  test('is refused before anything is touched where its image was not published or nobody may run it', async () => {
    const world = new World();
    const manifest = await world.release();
    const onGcp = { ...manifest, image: { ...manifest.image, copies: manifest.image.copies.slice(1, 2) } };
    await expect(deployRelease(world.delivery(), onGcp, 'dev')).rejects.toThrow("not published to aws's registry");
    await expect(deployRelease(world.delivery(undefined, { emulated: false }), manifest, 'dev')).rejects.toThrow(
      'which only emulated clouds run',
    );
    expect(world.deployments).toEqual([]);
  });

  test('is refused in an environment without a stack', async () => {
    const world = new World();
    const manifest = await world.release();
    await expect(deployRelease(world.delivery(['gcp-dev']), manifest, 'prod')).rejects.toThrow(
      'expected a stack in prod',
    );
  });
});

describe('a bad release', () => {
  const bad: readonly [Behaviour, string][] = [
    ['rejected', 'Revision is not ready'],
    ['control-plane-failed', 'ROLLBACK_SUCCEEDED'],
    ['wrong-build', 'buildId bld-000000000000'],
    ['not-ready', 'not ready: WINE_REGION is not set'],
    ['wrong-prediction', 'case 0, field confidence: 1.4 instead of 0.9'],
  ];

  test.each(bad)('that is %s fails, says why, and the stack goes back, proven', async (behaviour, reason) => {
    const world = new World();
    const first = await world.release();
    const second = await world.release();
    const delivery = world.delivery(['gcp-dev', 'aws-dev']);
    await deployRelease(delivery, first, 'dev');
    world.behave('gcp-dev', releaseIdOf(second), behaviour);
    const outcome = await deployRelease(delivery, second, 'dev');
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'reverted', 'aws-dev': 'healthy' });
    const [gcp] = outcome.stacks.filter(({ stack }) => stack === 'gcp-dev');
    expect(gcp?.reason).toContain(reason);
    expect(gcp?.runs).toBe(releaseIdOf(first));
    expect(world.states('gcp-dev').slice(-2)).toEqual(['failed', 'reverted']);
    const proofs = world.facts.filter((one) => one.kind === 'verification' && one.stack === 'gcp-dev');
    expect(proofs.at(-2)).toMatchObject({ release: releaseIdOf(second), body: { outcome: 'failed' } });
    expect(proofs.at(-1)).toMatchObject({ release: releaseIdOf(first), body: { outcome: 'passed' } });
    expect(verdictOf(outcome.release, outcome.stacks).code).toBe('failed-and-rolled-back');
  });

  test('leaves what overtook it in the meantime where it is', async () => {
    const world = new World();
    const [first, second, third] = [await world.release(), await world.release(), await world.release()];
    const delivery = world.delivery(['gcp-dev']);
    await deployRelease(delivery, first, 'dev');
    world.behave('gcp-dev', releaseIdOf(second), 'not-ready');
    let overtaken = false;
    const overtaking: Delivery['fetch'] = async (...asked) => {
      if (!overtaken) {
        overtaken = true;
        await deployRelease(delivery, third, 'dev');
      }
      return delivery.fetch(...asked);
    };
    const outcome = await deployRelease({ ...delivery, fetch: overtaking }, second, 'dev');
    expect(outcome.stacks[0]).toMatchObject({ state: 'skipped' });
    expect(outcome.stacks[0]?.reason).toContain(`overtaken by ${releaseIdOf(third)}`);
    expect(
      (await delivery.deployer.deployed({ name: 'gcp-dev', cloud: 'gcp', environment: 'dev' }))?.release.releaseId,
    ).toBe(releaseIdOf(third));
  });

  test('on a first deployment has nothing to go back to', async () => {
    const world = new World();
    const manifest = await world.release();
    world.behave('gcp-dev', releaseIdOf(manifest), 'not-ready');
    const outcome = await deployRelease(world.delivery(['gcp-dev']), manifest, 'dev');
    expect(outcome.stacks[0]).toMatchObject({ state: 'failed', runs: null });
    expect(outcome.stacks[0]?.reason).toContain('nothing ran here before');
    expect(outcome.stacks[0]?.reason).toContain('before the next try: npx trireme destroy --stack gcp-dev');
    expect(verdictOf(outcome.release, outcome.stacks).code).toBe('failed');
  });

  test('that could not be taken back is said to be so, and the next one goes back to what was proven last', async () => {
    const world = new World();
    const [first, second, third] = [await world.release(), await world.release(), await world.release()];
    const delivery = world.delivery(['gcp-dev']);
    await deployRelease(delivery, first, 'dev');
    world.behave('gcp-dev', releaseIdOf(second), 'not-ready');
    world.behave('gcp-dev', releaseIdOf(first), 'wrong-prediction');
    const outcome = await deployRelease(delivery, second, 'dev');
    expect(outcome.stacks[0]).toMatchObject({ state: 'revert-failed', runs: null });
    expect(verdictOf(outcome.release, outcome.stacks).code).toBe('failed');

    world.behave('gcp-dev', releaseIdOf(first), 'good');
    world.outputs.set('gcp-dev', { ...(world.outputs.get('gcp-dev') ?? fail()), release: identityFor(second) });
    world.behave('gcp-dev', releaseIdOf(third), 'rejected');
    const next = await deployRelease(delivery, third, 'dev');
    expect(next.stacks[0]).toMatchObject({ state: 'reverted', runs: releaseIdOf(first) });
  });
});

describe('what could not be told', () => {
  test('is tried once more', async () => {
    const world = new World();
    const manifest = await world.release();
    world.behave('gcp-dev', releaseIdOf(manifest), 'engine-errors-once');
    const outcome = await deployRelease(world.delivery(['gcp-dev']), manifest, 'dev');
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'healthy' });
    expect(world.deployments).toHaveLength(2);
  });

  test.each(['engine-errors', 'control-plane-errored', 'unreachable'] as const)(
    'is unknown when it is %s twice, is not taken back, and does not disturb its siblings',
    async (behaviour) => {
      const world = new World();
      const [first, second] = [await world.release(), await world.release()];
      const delivery = world.delivery(['gcp-dev', 'aws-dev']);
      await deployRelease(delivery, first, 'dev');
      world.behave('gcp-dev', releaseIdOf(second), behaviour);
      const outcome = await deployRelease(delivery, second, 'dev');
      expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'unknown', 'aws-dev': 'healthy' });
      expect(verdictOf(outcome.release, outcome.stacks).code).toBe('errored');
      expect(world.states('gcp-dev').at(-1)).toBe('unknown');
    },
  );

  test('is skipped when the stack was never touched', async () => {
    const world = new World();
    const manifest = await world.release();
    world.behave('gcp-dev', releaseIdOf(manifest), 'config-invalid');
    const outcome = await deployRelease(world.delivery(['gcp-dev', 'aws-dev']), manifest, 'dev');
    expect(stateOf(outcome)).toEqual({ 'gcp-dev': 'skipped', 'aws-dev': 'healthy' });
  });

  test('is unknown, not skipped, when the update may have been under way', async () => {
    const world = new World();
    const [first, second, third] = [await world.release(), await world.release(), await world.release()];
    const delivery = world.delivery(['gcp-dev']);
    await deployRelease(delivery, first, 'dev');
    world.behave('gcp-dev', releaseIdOf(second), 'state-unwritable');
    expect(stateOf(await deployRelease(delivery, second, 'dev'))).toEqual({ 'gcp-dev': 'unknown' });

    const altered = new DeliveryError('digest-mismatch', 'blob from gcp.test: another layer');
    const unread = { ...delivery, goldens: { read: () => Promise.reject(altered) } };
    const outcome = await deployRelease(unread, third, 'dev');
    expect(outcome.stacks[0]).toMatchObject({ state: 'unknown', runs: null });
  });

  test('is in the ledger also when not even the outputs of the stack could be read', async () => {
    const world = new World();
    const manifest = await world.release();
    const delivery = world.delivery(['gcp-dev']);
    const deployed = () => Promise.reject(new DeliveryError('cloud-unreachable', 'the state does not answer'));
    const unreadable = { ...delivery, deployer: { ...delivery.deployer, deployed } };
    expect(stateOf(await deployRelease(unreadable, manifest, 'dev'))).toEqual({ 'gcp-dev': 'skipped' });
    expect(world.states('gcp-dev')).toEqual(['skipped']);
  });

  test('is recorded as unknown when a person interrupts', async () => {
    const world = new World();
    const manifest = await world.release();
    const signal = AbortSignal.abort();
    await expect(deployRelease(world.delivery(['gcp-dev']), manifest, 'dev', { signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(world.states('gcp-dev')).toEqual(['updating', 'unknown']);
  });
});

describe('a runtime with a place for a candidate, in prod', () => {
  test('takes a first release straight, and every later one through that place', async () => {
    const world = new World();
    const [first, second] = [await world.release(), await world.release()];
    const delivery = world.delivery(['azure-prod', 'gcp-prod', 'aws-prod']);
    await deployRelease(delivery, first, 'prod');
    await deployRelease(delivery, second, 'prod');
    for (const stack of ['azure-prod', 'gcp-prod']) {
      expect(world.deployments.filter((one) => one.startsWith(stack))).toEqual([
        `${stack} live ${releaseIdOf(first)}`,
        `${stack} candidate ${releaseIdOf(second)}`,
        `${stack} live ${releaseIdOf(second)}`,
      ]);
    }
    expect(world.deployments.filter((one) => one.startsWith('aws'))).toHaveLength(2);
  });

  test('never touches production when the candidate fails, and proves that', async () => {
    const world = new World();
    const [first, second] = [await world.release(), await world.release()];
    const delivery = world.delivery(['azure-prod']);
    await deployRelease(delivery, first, 'prod');
    world.behave('azure-prod', releaseIdOf(second), 'not-ready', 'candidate');
    const outcome = await deployRelease(delivery, second, 'prod');
    expect(outcome.stacks[0]).toMatchObject({ state: 'reverted', runs: releaseIdOf(first) });
    expect(outcome.stacks[0]?.reason).toContain('WINE_REGION is not set');
    expect(outcome.stacks[0]?.reason).toContain('production was never touched');
    expect(world.deployments).not.toContain(`azure-prod live ${releaseIdOf(second)}`);
  });

  test('goes back when the release fails live although its candidate passed', async () => {
    const world = new World();
    const [first, second] = [await world.release(), await world.release()];
    const delivery = world.delivery(['azure-prod']);
    await deployRelease(delivery, first, 'prod');
    world.behave('azure-prod', releaseIdOf(second), 'wrong-prediction', 'live');
    const outcome = await deployRelease(delivery, second, 'prod');
    expect(outcome.stacks[0]).toMatchObject({ state: 'reverted', runs: releaseIdOf(first) });
    expect(world.deployments.at(-1)).toBe(`azure-prod live ${releaseIdOf(first)}`);
  });

  test('has no candidate in dev', async () => {
    const world = new World();
    const [first, second] = [await world.release(), await world.release()];
    const delivery = world.delivery(['azure-dev']);
    await deployRelease(delivery, first, 'dev');
    await deployRelease(delivery, second, 'dev');
    expect(world.deployments.some((one) => one.includes('candidate'))).toBe(false);
  });
});

describe('verification without a deployment', () => {
  test('passes where the ledger and the stacks agree, and finds what somebody else put there', async () => {
    const world = new World();
    const [first, second] = [await world.release(), await world.release()];
    const delivery = world.delivery(['gcp-dev', 'aws-dev']);
    await deployRelease(delivery, first, 'dev');
    expect((await verifyEnvironment(delivery, 'dev')).map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);

    world.serving.set('gcp-dev', releaseIdOf(second));
    world.outputs.set('gcp-dev', { ...(world.outputs.get('gcp-dev') ?? fail()), release: identityFor(second) });
    const found = await verifyEnvironment(delivery, 'dev');
    expect(found.map(({ stack, outcome }) => `${stack} ${outcome}`)).toEqual(['gcp-dev failed', 'aws-dev passed']);
    expect(found[0]?.reason).toContain(releaseIdOf(second));
  });

  test('is refused where nothing was deployed', async () => {
    const world = new World();
    await world.release();
    await expect(verifyEnvironment(world.delivery(), 'dev')).rejects.toThrow('found none in the ledger');
  });
});

function identityFor(manifest: Awaited<ReturnType<World['release']>>) {
  const { image, build } = manifest;
  return { releaseId: releaseIdOf(manifest), imageDigest: image.digest, buildId: build.buildId, imageRef: image.name };
}

function fail(): never {
  throw new Error('the stack has no service');
}
