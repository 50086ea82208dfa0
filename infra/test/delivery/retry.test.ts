// A release that failed is asked for as another deployment the next time; one that is there already is left as it is.
import { describe, expect, it } from 'vitest';
import type { DeploymentRequest } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { restoreStacks } from '../../delivery/restore.ts';
import { retryOf } from '../../delivery/retry.ts';
import { rotateSecrets } from '../../delivery/rotate.ts';
import { previewAll } from '../../delivery/situation.ts';
import { type Behaviour, World } from './world.ts';

/** One cloud, and which try each deployment and preview was asked for as. */
async function watched() {
  const world = new World();
  const usual = world.delivery(['gcp-dev', 'gcp-prod']);
  const asked: string[] = [];
  const note = (verb: string, { manifest, stage, retry }: DeploymentRequest) =>
    asked.push(`${verb} ${stage} ${releaseIdOf(manifest).split('-')[1]} ${retry ?? 'first'}`);
  const { deployer } = usual;
  const delivery = {
    ...usual,
    deployer: {
      ...deployer,
      deploy: (...[stack, request, options]: Parameters<typeof deployer.deploy>) => {
        note('deploy', request);
        return deployer.deploy(stack, request, options);
      },
      preview: (...[stack, request, options]: Parameters<typeof deployer.preview>) => {
        note('preview', request);
        return deployer.preview(stack, request, options);
      },
    },
  };
  return { world, delivery, asked };
}

describe('a release that failed on a stack', () => {
  it('is tried again as another deployment, which is what a preview shows too', async () => {
    const { world, delivery, asked } = await watched();
    const [good, bad] = [await world.release(), await world.release()];
    await deployRelease(delivery, good, 'dev');
    world.behave('gcp-dev', releaseIdOf(bad), 'not-ready');
    await deployRelease(delivery, bad, 'dev');
    await deployRelease(delivery, bad, 'dev');
    world.behave('gcp-dev', releaseIdOf(bad), 'good');
    const targets = delivery.stacks.filter(({ stack }) => stack.environment === 'dev');
    await previewAll(delivery, bad, targets);
    await deployRelease(delivery, bad, 'dev');
    // Taken at its third try, and from then on that is what is there.
    await deployRelease(delivery, bad, 'dev');
    await deployRelease(delivery, good, 'dev');
    expect(asked).toEqual([
      'deploy live 1 first',
      'deploy live 2 first',
      'deploy live 1 first',
      'deploy live 2 1',
      'deploy live 1 first',
      'preview live 2 2',
      'deploy live 2 2',
      'deploy live 2 2',
      'deploy live 1 first',
    ]);
  });

  it('is another deployment on that stack alone, and the same one in every stage', async () => {
    const { world, delivery, asked } = await watched();
    const [good, bad] = [await world.release(), await world.release()];
    for (const manifest of [good, bad]) await deployRelease(delivery, manifest, 'dev');
    await deployRelease(delivery, world.letIntoProd(good), 'prod');
    world.letIntoProd(bad);
    world.behave('gcp-prod', releaseIdOf(bad), 'control-plane-failed', 'candidate');
    await deployRelease(delivery, bad, 'prod');
    world.behave('gcp-prod', releaseIdOf(bad), 'good');
    asked.length = 0;
    await deployRelease(delivery, bad, 'prod');
    await deployRelease(delivery, bad, 'dev');
    expect(asked).toEqual(['deploy candidate 2 1', 'deploy live 2 1', 'deploy live 2 first']);
  });

  it('is none that failed in a rotation or a restoration: it was good when it came, and is left as it is', async () => {
    const { world, delivery, asked } = await watched();
    const manifest = await world.releaseWithFiles();
    await deployRelease(delivery, manifest, 'dev');
    world.behave('gcp-dev', releaseIdOf(manifest), 'not-ready');
    const [rotated] = await rotateSecrets(delivery, 'dev', { reason: 'leaked' });
    const [restored] = await restoreStacks(delivery, 'dev', { reason: 'changed by hand' });
    expect([rotated, restored].map((one) => one?.stacks[0]?.state)).toEqual(['failed', 'failed']);
    world.behave('gcp-dev', releaseIdOf(manifest), 'good');
    await deployRelease(delivery, manifest, 'dev');
    expect(asked.at(-1)).toBe('deploy live 1 first');
  });

  it.each<[Behaviour, object]>([
    ['rejected', { retry: 1 }],
    ['control-plane-failed', { retry: 1 }],
    ['wrong-prediction', { retry: 1 }],
    // Nobody could tell: it may be good, and is asked for as it was.
    ['control-plane-errored', {}],
    ['engine-errors', {}],
    ['config-invalid', {}],
    ['good', {}],
  ])('%s: %o', async (behaviour, expected) => {
    const { world, delivery } = await watched();
    const manifest = await world.release();
    world.behave('gcp-dev', releaseIdOf(manifest), behaviour);
    await deployRelease(delivery, manifest, 'dev');
    expect(retryOf(world.facts, 'gcp-dev', releaseIdOf(manifest))).toEqual(expected);
    expect(retryOf(world.facts, 'gcp-prod', releaseIdOf(manifest))).toEqual({});
    const [attempt] = world.facts.flatMap((fact) => (fact.kind === 'deployment' ? [fact.body.attempt] : []));
    expect(retryOf(world.facts, 'gcp-dev', releaseIdOf(manifest), attempt)).toEqual({});
  });
});
