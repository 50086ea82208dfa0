// Rotating secrets: the same release in new instances, proven, in the ledger with its reason; never by going back.
import { describe, expect, test } from 'vitest';
import { pinnedSecrets, secretVariables } from '../../cli/secret-pins.ts';
import type { Fact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import type { Cloud } from '../../contract/stack.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { recover } from '../../delivery/recover.ts';
import { rotateSecrets } from '../../delivery/rotate.ts';
import { World } from './world.ts';

const reason = 'the database has a new password';

/** One release on dev and prod of one cloud, and what the engine and the prover are asked from then on. */
async function running() {
  const world = new World();
  const usual = world.delivery(['gcp-dev', 'gcp-prod']);
  const asked: { stack: string; stage: string; secretsAsOf: string | undefined }[] = [];
  const baselines: boolean[] = [];
  const delivery = {
    ...usual,
    deployer: {
      ...usual.deployer,
      deploy: (...[stack, request, options]: Parameters<typeof usual.deployer.deploy>) => {
        asked.push({ stack: stack.name, stage: request.stage, secretsAsOf: request.secretsAsOf });
        return usual.deployer.deploy(stack, request, options);
      },
    },
    provers: Object.fromEntries(
      Object.entries(usual.provers).map(([runtime, prover]) => [
        runtime,
        {
          ...prover,
          baseline: (service: Parameters<typeof prover.baseline>[0]) => {
            baselines.push(service !== undefined);
            return prover.baseline(service);
          },
        },
      ]),
    ),
  };
  const manifest = await world.releaseWithFiles();
  await deployRelease(delivery, manifest, 'dev');
  await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  asked.length = 0;
  baselines.length = 0;
  return { world, delivery, manifest, asked, baselines };
}

const deployments = (facts: readonly Fact[]) =>
  facts.flatMap((fact) => (fact.kind === 'deployment' ? [[fact.release, fact.body.state, fact.body.reason]] : []));

describe('a rotation', () => {
  test('puts the same release live anew, with a time of its own, and says why in the ledger', async () => {
    const { world, delivery, manifest, asked, baselines } = await running();
    const id = releaseIdOf(manifest);
    const before = world.facts.length;
    const [outcome] = await rotateSecrets(delivery, 'prod', { reason });
    expect(outcome).toMatchObject({ release: id, stacks: [{ stack: 'gcp-prod', state: 'healthy', runs: id }] });
    expect(asked).toEqual([{ stack: 'gcp-prod', stage: 'live', secretsAsOf: expect.stringMatching(/^20.*Z$/) }]);
    // The operation must be a new one: what the control plane showed before counts for nothing.
    expect(baselines).toEqual([true]);
    expect(deployments(world.facts.slice(before))).toEqual([
      [id, 'updating', `secrets: ${reason}`],
      [id, 'proving', undefined],
      [id, 'healthy', `secrets: ${reason}`],
    ]);
  });

  test('with a value that is bad fails, goes back to nothing, and says the way', async () => {
    const { world, delivery, manifest, asked } = await running();
    world.behave('gcp-prod', releaseIdOf(manifest), 'not-ready');
    const [outcome] = await rotateSecrets(delivery, 'prod', { reason });
    expect(outcome?.stacks).toMatchObject([{ state: 'failed', reason: expect.stringContaining('rotate again') }]);
    expect(asked).toHaveLength(1);
    // The way that was said is open.
    world.behave('gcp-prod', releaseIdOf(manifest), 'good');
    const [again] = await rotateSecrets(delivery, 'prod', { reason: 'the value from before' });
    expect(again?.stacks).toMatchObject([{ state: 'healthy', runs: releaseIdOf(manifest) }]);
  });

  test('that failed leaves something that can be found out: the platform may have gone back to what ran, by itself', async () => {
    const { world, delivery, manifest, baselines } = await running();
    const id = releaseIdOf(manifest);
    world.behave('gcp-prod', id, 'not-ready');
    await rotateSecrets(delivery, 'prod', { reason });
    // Nobody can say of it that prod runs it, so it is not `there already`.
    await expect(preparePromotion(delivery, manifest, 'prod')).rejects.toThrow(
      'gcp-prod was given it already, and what runs there is unknown: npx trireme recover --environment prod',
    );
    const second = await world.release();
    await deployRelease(delivery, second, 'dev');
    await expect(preparePromotion(delivery, second, 'prod')).rejects.toThrow(
      'find out what runs (npx trireme recover --environment prod)',
    );
    world.behave('gcp-prod', id, 'good');
    baselines.length = 0;
    expect(await recover(delivery, 'prod')).toMatchObject([{ outcome: 'found', runs: id, rotation: true }]);
    // The operation that failed is none that this question is about.
    expect(baselines).toEqual([true]);
    const { promotion } = await preparePromotion(delivery, second, 'prod');
    expect(promotion.body.previous).toEqual({ 'gcp-prod': id });
    expect(await recover(delivery, 'prod')).toMatchObject([{ outcome: 'known', runs: id }]);
  });

  test('is refused where nobody knows what runs', async () => {
    const world = new World();
    await expect(rotateSecrets(world.delivery(['gcp-prod']), 'prod', { reason })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('gcp-prod'),
    });
  });

  test('leaves a plain deployment of the same release as it is: nothing else asks for new instances', async () => {
    const { delivery, manifest, asked } = await running();
    await deployRelease(delivery, manifest, 'dev');
    expect(asked.map(({ secretsAsOf }) => secretsAsOf)).toEqual([undefined]);
  });
});

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-a1b2c3';
test.each<[Cloud, string, boolean]>([
  ['aws', arn, false],
  ['aws', `${arn}:username::`, false],
  ['aws', `${arn}:username:AWSCURRENT:`, false],
  ['aws', `${arn}:::0f1e2d3c`, true],
  ['gcp', 'token', false],
  ['gcp', 'token:latest', false],
  ['gcp', 'token:3', true],
  ['gcp', 'projects/p/secrets/token', false],
  ['gcp', 'projects/p/secrets/token/versions/3', true],
  ['gcp', 'projects/p/secrets/token/versions/latest', false],
  ['azure', 'vault/token', false],
])('%s: %s is pinned: %s', (cloud, reference, isPinned) => {
  expect(pinnedSecrets(cloud, { TOKEN: reference })).toEqual(isPinned ? ['TOKEN'] : []);
});

test('a stack reads the secrets that it names, and that of a database it makes', () => {
  const database = { engine: 'postgresql', size: 'db.t4g.micro', storageGiB: 20 } as const;
  expect(secretVariables({ secrets: {} })).toEqual([]);
  expect(secretVariables({ secrets: { TOKEN: 'token' }, database })).toEqual(['TOKEN', 'DATABASE_URL']);
});
