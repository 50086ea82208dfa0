// Going back: three emulated prod stacks, from the command to all of them proven; and how long everything is asked again before a promotion.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { releaseIdOf } from '../infra/contract/release.ts';
import { approvePromotion } from '../infra/delivery/approve.ts';
import { type DeploymentOutcome, deployRelease } from '../infra/delivery/deploy.ts';
import { preparePromotion } from '../infra/delivery/prepare.ts';
import { promote } from '../infra/delivery/promote.ts';
import { createCheckout } from '../infra/rehearsal/checkout.ts';
import { startClouds } from '../infra/rehearsal/clouds.ts';
import { openStage, type Stage } from '../infra/rehearsal/stage.ts';
import type { Figure } from './figure.ts';
import { median } from './median.ts';

const rounds = 5;
const timeScale = 10;
const project = path.join(import.meta.dirname, '..');
const asker = { login: 'bench', via: 'local' } as const;

export async function benchRollback(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const checkout = await createCheckout(project, path.join(folder, 'checkout'), process.env.PATH ?? '');
  const directory = path.join(checkout.root, '.trireme', 'emulator');
  const clouds = await startClouds({ project, directory, timeScale, stay: false, variables: process.env });
  try {
    talk(`a platform's own waiting is ${timeScale} times shorter`);
    return await measure(await openStage(checkout, process.env, () => {}), talk);
  } finally {
    await clouds.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function measure(stage: Stage, talk: (line: string) => void): Promise<readonly Figure[]> {
  const delivery = stage.delivery(asker, () => {});
  const release = async (message: string) => {
    await stage.checkout.commit(message);
    const manifest = await stage.release(asker, () => {}, new AbortController().signal);
    assertHealthy(await deployRelease(delivery, manifest, 'dev'));
    return manifest;
  };
  const first = await release('one');
  const rechecks: number[] = [];
  const enterProd = async (manifest: typeof first) => {
    const { promotion } = await preparePromotion(delivery, manifest, 'prod');
    const id = promotion.body.promotion;
    await approvePromotion(delivery, id, { login: 'rita', via: 'local' });
    const outcome = await promote(delivery, id);
    assertHealthy(outcome);
    rechecks.push(outcome.recheckSeconds);
  };
  await enterProd(first);
  const second = await release('another');
  await enterProd(second);

  const back: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round > 0) assertHealthy(await deployRelease(delivery, second, 'prod'));
    back.push(await rollBack(stage, releaseIdOf(first)));
    talk(`round ${round + 1} of ${rounds}: ${back.at(-1)?.toFixed(1)} s`);
  }
  return [
    { name: 'rollback of three stacks, command to proven', value: median(back), unit: 's', must: 15 },
    { name: 'everything asked again before a promotion starts', value: Math.max(...rechecks), unit: 's', must: 5 },
  ];
}

/** As a person types it. @returns seconds from its start to its end, which comes after the proof. */
function rollBack({ checkout }: Stage, to: string): Promise<number> {
  const command = path.join(checkout.root, 'bin', 'trireme.mjs');
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, 'rollback', '--to', to], { cwd: checkout.root, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve((performance.now() - started) / 1000)
        : reject(new Error(`the rollback exited with ${code}`)),
    );
  });
}

function assertHealthy({ stacks }: DeploymentOutcome): void {
  for (const { stack, state, reason } of stacks) {
    if (state !== 'healthy') throw new Error(`expected ${stack} healthy; found ${state}: ${reason}`);
  }
}
