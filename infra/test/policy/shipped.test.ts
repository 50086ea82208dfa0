import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clouds, everyStackName, foundationOf, parseStack } from '../../contract/stack.ts';
import { type EmulatedClouds, emulatedClouds, good, release } from '../clouds/emulated-clouds.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';

const stacks = fileURLToPath(new URL('../../../stacks/', import.meta.url));
let world: EmulatedClouds;

beforeAll(async () => {
  const names = [...clouds.map(foundationOf), ...everyStackName];
  const texts = names.map(async (name) => [name, await readFile(join(stacks, `Pulumi.${name}.yaml`), 'utf8')]);
  world = await emulatedClouds(Object.fromEntries(await Promise.all(texts)));
}, installationMilliseconds);
afterAll(() => world?.stop());

describe('the stacks as they are shipped', () => {
  it('pass the policy pack', async () => {
    const said: string[] = [];
    const report = ({ message }: { readonly message: string }) => said.push(message);
    await Promise.all(clouds.map((cloud) => world.deployer.foundation(cloud, { report })));
    const request = { manifest: release(good), stage: 'live' as const };
    const plans = await Promise.all(everyStackName.map((name) => world.deployer.preview(parseStack(name), request)));
    const warnings = [
      ...said.filter((one) => one.startsWith('policy: ')),
      ...plans.flatMap((plan) => plan.warnings ?? []),
    ];
    expect(warnings.filter((one) => !one.endsWith('it is judged then'))).toEqual([]);
    expect(plans.map(({ changes }) => changes.length > 0)).not.toContain(false);
  });
});
