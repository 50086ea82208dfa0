// Going back to a release is going back to its settings too; going forward takes what is checked out.
import { expect, test } from 'vitest';
import { readable, settingsBeside } from '../../cli/deployer.ts';
import { parseStackFile } from '../../config.ts';
import { digestOf } from '../../contract/canonical.ts';
import { type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import type { RuntimeName, ServiceConfig } from '../../contract/service.ts';
import type { Stack } from '../../contract/stack.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { restoreStacks } from '../../delivery/restore.ts';
import { rollback } from '../../delivery/rollback.ts';
import { rotateSecrets } from '../../delivery/rotate.ts';
import { settingsFor } from '../../delivery/settings.ts';
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
  ['of the same runtime', textOf(7), 7],
  ['of another runtime', textOf(7, 'app-runner'), 50],
  ['with a key that is gone', textOf(7).replace('cpu', 'cores'), 50],
])('beside a candidate, settings %s', (_, text, concurrency) => {
  const now = parseStackFile('gcp-dev', textOf(50));
  expect(settingsBeside('gcp-dev', text, now.config as ServiceConfig).concurrency).toBe(concurrency);
});

test('a file that this checkout can read names its runtime, another none', () => {
  expect(readable('gcp-dev', textOf(7))?.runtime).toBe('cloud-run');
  expect(readable('gcp-dev', textOf(7).replace('cpu', 'cores'))).toBeUndefined();
  expect(readable('gcp-dev', textOf(7, 'app-runner'))).toBeUndefined();
});

type Found = Pick<Parameters<typeof settingsFor>[0], 'file' | 'named' | 'runs' | 'here'>;
const [runner, express] = ['app-runner', 'ecs-express'] as const;
const own = 'its own';
test.each<[string, Found, object]>([
  ['all of one runtime', { file: own, named: runner, runs: runner, here: runner }, { stackFile: own, runtime: runner }],
  [
    'a runtime that is merged and not promoted',
    { file: own, named: runner, runs: runner, here: express },
    { stackFile: own, runtime: runner },
  ],
  ['a runtime that was left since', { file: own, named: runner, runs: express, here: express }, { runtime: express }],
  [
    'a runtime that the checkout has left again',
    { file: own, named: runner, runs: express, here: runner },
    { stackFile: own, runtime: runner },
  ],
  [
    'nothing that runs',
    { file: own, named: runner, runs: undefined, here: runner },
    { stackFile: own, runtime: runner },
  ],
  [
    'nothing that runs, and another here',
    { file: own, named: runner, runs: undefined, here: express },
    { runtime: express },
  ],
  ['no file', { file: undefined, named: undefined, runs: runner, here: express }, { runtime: express }],
  ['one that can not be read', { file: own, named: undefined, runs: runner, here: runner }, { runtime: runner }],
])('going back to the settings of a release, with %s', (_, found, expected) => {
  expect(settingsFor({ stack: 'aws-prod', release: 'rel-1-0', ...found })).toEqual(expected);
});

test('going back is refused where its file can not be read and the checkout would bring another runtime', () => {
  const found = { file: own, named: undefined, runs: runner, here: express } as const;
  expect(() => settingsFor({ stack: 'aws-prod', release: 'rel-1-0', ...found })).toThrow(
    "aws-prod: expected the stack file of rel-1-0; found one that this checkout can't read, and stacks/Pulumi.aws-prod.yaml here names ecs-express where app-runner runs",
  );
});

test.each([
  ['has none', undefined, undefined, 'none in the ledger'],
  ['has one that can not be read', own, undefined, "one that this checkout can't read"],
  ['has one of another runtime than runs', own, express, 'one of ecs-express where app-runner runs'],
] as const)(
  'who asks for no approval brings nothing but what was approved: refused where the ledger %s',
  (_, file, named, found) => {
    const asked = {
      stack: 'aws-prod',
      release: 'rel-1-0',
      file,
      named,
      runs: runner,
      here: runner,
      onlyOwn: true,
    } as const;
    expect(() => settingsFor(asked)).toThrow(
      `aws-prod: expected the stack file that rel-1-0 was made with; found ${found}`,
    );
  },
);

test('a rotation and a restoration of a release whose stack file nobody kept are refused, and touch nothing', async () => {
  const { world, delivery, given } = watched();
  const bare = await world.release();
  await deployRelease(delivery, world.letIntoProd(bare), 'prod');
  given.length = 0;
  const [rotated] = await rotateSecrets(delivery, 'prod', { reason: 'leaked' });
  const [restored] = await restoreStacks(delivery, 'prod', { reason: 'changed by hand' });
  for (const outcome of [rotated, restored]) {
    expect(outcome?.stacks).toMatchObject([{ state: 'skipped', refused: true }]);
  }
  expect(given).toEqual([]);
});

test('a rollback from a checkout with a runtime that prod was never given stays on what runs, asks its prover, and may replace with its own file alone', async () => {
  const world = new World();
  const text = (concurrency: number) => ({ 'aws-prod': textOf(concurrency, 'app-runner') });
  const make = (concurrency: number) =>
    world.release(
      { infra: { program: digestOf('program'), stackConfigs: digests(text(concurrency)) } },
      text(concurrency),
    );
  const [first, second, bare] = [await make(50), await make(60), await world.release()];
  const usual = world.delivery(['aws-prod']);
  const asked: string[] = [];
  const deployer = {
    ...usual.deployer,
    runtimeIn: (_: unknown, file: string) => /runtime: (.*)/.exec(file)?.[1] as RuntimeName,
    deployed: async (stack: Stack) => {
      const service = await usual.deployer.deployed(stack);
      return service === undefined ? undefined : { ...service, runtime: runner };
    },
    deploy: (...[stack, request, options]: Parameters<typeof usual.deployer.deploy>) => {
      asked.push(`${/concurrency: (\d+)/.exec(request.stackFile ?? '')?.[1]} ${request.mayReplace ?? 'asks'}`);
      return usual.deployer.deploy(stack, request, options);
    },
  };
  const before = { ...usual, deployer };
  for (const manifest of [bare, first, second]) await deployRelease(before, world.letIntoProd(manifest), 'prod');
  // Merged since; this checkout's prover of it would look in the wrong place.
  const stacks = usual.stacks.map((target) => ({ ...target, runtime: express }));
  const after = { ...before, stacks };
  asked.length = 0;
  const back = await rollback(after, 'prod', { reason: 'incident' });
  expect(back.stacks).toMatchObject([{ state: 'healthy', runs: releaseIdOf(first) }]);
  expect((await rotateSecrets(after, 'prod', { reason: 'leaked' }))[0]?.stacks).toMatchObject([{ state: 'healthy' }]);
  expect(asked).toEqual(['50 true', '50 asks']);
});

test('rotating secrets takes the settings that run, whatever is checked out: nobody approved others', async () => {
  const { world, delivery, given, release } = watched();
  const manifest = await release(50);
  await deployRelease(delivery, world.letIntoProd(manifest), 'prod');
  given.length = 0;
  await rotateSecrets(delivery, 'prod', { reason: 'leaked' });
  expect(given).toEqual([`${releaseIdOf(manifest)} 50`]);
});
