// Restoring: the release that runs, with its own settings, after reading the cloud; no approval, and never under a promotion.
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import type { DeploymentRequest } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { restoreStacks } from '../../delivery/restore.ts';
import { World } from './world.ts';

const reason = 'somebody raised the instances by hand';

async function running() {
  const world = new World();
  const usual = world.delivery(['gcp-dev', 'gcp-prod']);
  const asked: DeploymentRequest[] = [];
  const delivery = {
    ...usual,
    deployer: {
      ...usual.deployer,
      deploy: (...[stack, request, options]: Parameters<typeof usual.deployer.deploy>) => {
        asked.push(request);
        return usual.deployer.deploy(stack, request, options);
      },
    },
  };
  const file = 'as it was released';
  const infra = { program: digestOf('program'), stackConfigs: { 'gcp-prod': digestOf(file) } };
  const manifest = await world.release({ infra }, { 'gcp-prod': file });
  await deployRelease(delivery, manifest, 'dev');
  await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  asked.length = 0;
  return { world, delivery, manifest, asked };
}

describe('a restoration', () => {
  test('reads the cloud back, takes the settings of the release and no others, and says why in the ledger', async () => {
    const { world, delivery, manifest, asked } = await running();
    const id = releaseIdOf(manifest);
    const [outcome] = await restoreStacks(delivery, 'prod', { reason });
    expect(outcome).toMatchObject({ release: id, stacks: [{ stack: 'gcp-prod', state: 'healthy', runs: id }] });
    // Live at once: there is no candidate of what runs already.
    expect(asked).toMatchObject([{ stage: 'live', readsBack: true, stackFile: 'as it was released' }]);
    expect(asked[0]).not.toHaveProperty('secretsAsOf');
    expect(world.facts.findLast((fact) => fact.kind === 'deployment')?.body).toMatchObject({
      state: 'healthy',
      reason: `restored: ${reason}`,
    });
  });

  test('that failed says the way, goes back to nothing, and may be made again', async () => {
    const { world, delivery, manifest, asked } = await running();
    world.behave('gcp-prod', releaseIdOf(manifest), 'not-ready');
    const [outcome] = await restoreStacks(delivery, 'prod', { reason });
    expect(outcome?.stacks).toMatchObject([
      { state: 'failed', reason: expect.stringMatching(/nothing to go back to: .*npx trireme stack-drift$/) },
    ]);
    expect(asked).toHaveLength(1);
    world.behave('gcp-prod', releaseIdOf(manifest), 'good');
    expect((await restoreStacks(delivery, 'prod', { reason }))[0]?.stacks).toMatchObject([{ state: 'healthy' }]);
  });

  test('waits for nobody, and gives way to a promotion that is being carried out', async () => {
    const { world, delivery } = await running();
    const second = await world.release();
    await deployRelease(delivery, second, 'dev');
    const { promotion } = await preparePromotion(delivery, second, 'prod');
    await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
    world.fault = { stack: 'gcp-prod', step: 'update', fault: 'lost' };
    void promote(world.delivery(['gcp-dev', 'gcp-prod']), promotion.body.promotion);
    await world.death.promise;
    world.fault = undefined;
    await expect(restoreStacks(delivery, 'prod', { reason })).rejects.toMatchObject({
      code: 'refused',
      hint: 'let it end, then look again',
    });
  });

  test('is refused where nobody knows what runs', async () => {
    const nothing = new World().delivery(['gcp-prod']);
    await expect(restoreStacks(nothing, 'prod', { reason })).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('npx trireme restore --stack <stack>'),
    });
  });
});
