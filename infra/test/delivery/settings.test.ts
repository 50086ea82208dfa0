// Going back to a release is going back to its settings too; going forward takes what is checked out.
import { expect, test } from 'vitest';
import { settingsToGoBackTo } from '../../cli/deployer.ts';
import { parseStackFile } from '../../config.ts';
import { digestOf } from '../../contract/canonical.ts';
import { type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import type { ServiceConfig } from '../../contract/service.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { rollback } from '../../delivery/rollback.ts';
import { rotateSecrets } from '../../delivery/rotate.ts';
import { stackFileOf } from '../../delivery/stack-state.ts';
import { World } from './world.ts';

const stacks = ['gcp-dev', 'gcp-prod'] as const;
const textOf = (concurrency: number, runtime = 'cloud-run') => `config:
  trireme:runtime: ${runtime}
  trireme:region: europe-west1
  trireme:cpu: 1
  trireme:memoryMiB: 1024
  trireme:minInstances: 1
  trireme:maxInstances: 2
  trireme:concurrency: ${concurrency}
  trireme:exposure: public
  trireme:protect: false
  trireme:env: {}
  trireme:secrets: {}
`;
const settings = (concurrency: number) => Object.fromEntries(stacks.map((stack) => [stack, textOf(concurrency)]));
const digests = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([stack, text]) => [stack, digestOf(text)]));

/** A world whose engine tells which settings it was given: `checkout`, or the concurrency of a release. */
function watched() {
  const world = new World();
  const usual = world.delivery([...stacks]);
  const given: string[] = [];
  const besides: (string | undefined)[] = [];
  const delivery = {
    ...usual,
    deployer: {
      ...usual.deployer,
      deploy: (...[stack, request, options]: Parameters<typeof usual.deployer.deploy>) => {
        const own = /concurrency: (\d+)/.exec(request.stackFile ?? '')?.[1];
        besides.push(`${request.stage}: ${/concurrency: (\d+)/.exec(request.liveStackFile ?? '')?.[1]}`);
        given.push(`${releaseIdOf(request.manifest)} ${own ?? 'checkout'}`);
        return usual.deployer.deploy(stack, request, options);
      },
    },
  };
  const release = (concurrency: number): Promise<ReleaseManifest> => {
    const texts = settings(concurrency);
    const infra = { program: digestOf('program'), stackConfigs: digests(texts) };
    return world.release({ infra }, texts);
  };
  return { world, delivery, given, besides, release };
}

test('a release that fails on its settings goes back to those of the one before', async () => {
  const { world, delivery, given, release } = watched();
  const [good, bad] = [await release(50), await release(1)];
  await deployRelease(delivery, good, 'dev');
  world.behave('gcp-dev', releaseIdOf(bad), 'not-ready');
  const outcome = await deployRelease(delivery, bad, 'dev');
  expect(outcome.stacks).toMatchObject([{ state: 'reverted', runs: releaseIdOf(good) }]);
  expect(given).toEqual([`${releaseIdOf(good)} checkout`, `${releaseIdOf(bad)} checkout`, `${releaseIdOf(good)} 50`]);
});

test('a rollback takes the settings of the release it goes to', async () => {
  const { world, delivery, given, release } = watched();
  const made = [await release(50), await release(1)];
  for (const manifest of made) {
    await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  }
  given.length = 0;
  await rollback(delivery, 'prod', { reason: 'too few at once' });
  // Beside what is live first, then live.
  expect(new Set(given)).toEqual(new Set([`${made.map(releaseIdOf)[0]} 50`]));
});

test('what stays live beside a candidate keeps the settings of its release, until another is live', async () => {
  const { world, delivery, besides, release } = watched();
  const [good, next, dead] = [await release(50), await release(60), await release(70)];
  await deployRelease(delivery, world.letIntoProd(good), 'prod');
  expect(besides).toEqual(['live: undefined']);
  besides.length = 0;
  await deployRelease(delivery, world.letIntoProd(next), 'prod');
  expect(besides).toEqual(['candidate: 50', 'live: undefined']);
  besides.length = 0;
  world.behave('gcp-prod', releaseIdOf(dead), 'not-ready');
  await deployRelease(delivery, world.letIntoProd(dead), 'prod');
  expect(besides).toEqual(['candidate: 60']);
});

test('a text that is not of the digest in the manifest, or was never kept, is none', async () => {
  const { world, release } = watched();
  const [good, bare] = [await release(50), await world.release()];
  const altered = await world.release({ infra: good.infra }, { 'gcp-dev': textOf(51) });
  expect(stackFileOf(world.facts, releaseIdOf(good), 'gcp-dev')).toBe(textOf(50));
  expect(stackFileOf(world.facts, releaseIdOf(good), 'aws-dev')).toBeUndefined();
  expect(stackFileOf(world.facts, releaseIdOf(bare), 'gcp-dev')).toBeUndefined();
  expect(stackFileOf(world.facts, releaseIdOf(altered), 'gcp-dev')).toBeUndefined();
});

test.each([
  ['of the same runtime are gone back to', textOf(7), 7],
  ['of another runtime are not', textOf(7, 'app-runner'), 50],
  ['with a key that is gone are not', textOf(7).replace('cpu', 'cores'), 50],
])('settings %s', (_, text, concurrency) => {
  const now = parseStackFile('gcp-dev', textOf(50));
  expect(settingsToGoBackTo('gcp-dev', text, now.config as ServiceConfig).concurrency).toBe(concurrency);
});

test('rotating secrets takes the settings that run, whatever is checked out: nobody approved others', async () => {
  const { world, delivery, given, release } = watched();
  const manifest = await release(50);
  await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  given.length = 0;
  await rotateSecrets(delivery, 'prod', { reason: 'leaked' });
  expect(given).toEqual([`${releaseIdOf(manifest)} 50`]);
});
