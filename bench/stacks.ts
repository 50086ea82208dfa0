// All nine stacks at once: how long people wait for what would change, and that a release which is there already touches nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Deployer } from '../infra/contract/ports.ts';
import type { ReleaseManifest } from '../infra/contract/release.ts';
import { clouds as everyCloud } from '../infra/contract/stack.ts';
import { createCheckout } from '../infra/rehearsal/checkout.ts';
import { startClouds } from '../infra/rehearsal/clouds.ts';
import { openStage, type Stage } from '../infra/rehearsal/stage.ts';
import type { Figure } from './figure.ts';
import { median } from './median.ts';

const rounds = 5;
const timeScale = 25;
const project = path.join(import.meta.dirname, '..');

export async function benchStacks(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const checkout = await createCheckout(project, path.join(folder, 'checkout'), process.env.PATH ?? '');
  const directory = path.join(checkout.root, '.trireme', 'emulator');
  const clouds = await startClouds({ project, directory, timeScale, stay: false, variables: process.env });
  try {
    return await measure(await openStage(checkout, process.env, () => {}), talk);
  } finally {
    await clouds.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function measure(stage: Stage, talk: (line: string) => void): Promise<readonly Figure[]> {
  await stage.checkout.commit('one');
  const asker = { login: 'bench', via: 'local' } as const;
  const manifest = await stage.release(asker, () => {}, new AbortController().signal);
  const { deployer } = stage.delivery(asker, () => {});
  const first = await deployAll(stage, deployer, manifest);
  if (first === 0) throw new Error('expected the first deployment to make resources; none was counted');
  talk(`the first deployment made ${first} resources`);
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    const plans = await Promise.all([
      ...everyCloud.map((cloud) => deployer.previewFoundation(cloud)),
      ...stage.stacks.map(({ stack }) => deployer.preview(stack, { manifest, stage: 'live' })),
    ]);
    seconds.push((performance.now() - started) / 1000);
    if (plans.length !== 9) throw new Error(`expected nine stacks; found ${plans.length}`);
  }
  talk(`${rounds} rounds: ${seconds.map((one) => `${one.toFixed(1)} s`).join(', ')}`);
  return [
    { name: 'preview of all nine stacks in parallel', value: median(seconds), unit: 's', must: 10 },
    {
      name: 'resources that an unchanged release touches on six stacks',
      value: await deployAll(stage, deployer, manifest),
      unit: 'resources',
      must: 0,
    },
  ];
}

/** @returns how many resources the engine said that it changes. */
async function deployAll(stage: Stage, deployer: Deployer, manifest: ReleaseManifest): Promise<number> {
  const touched: string[] = [];
  const report = ({ message }: { readonly message: string }) => touched.push(message);
  await Promise.all(
    stage.stacks.map(async ({ stack }) => {
      const { outcome, diagnostics } = await deployer.deploy(stack, { manifest, stage: 'live' }, { report });
      if (outcome !== 'applied') throw new Error(`${stack.name}: ${diagnostics.join('; ')}`);
    }),
  );
  return touched.filter((message) => /^(create|update|replace|delete)\b/.test(message)).length;
}
