// Our deployer beside the bare Automation API: the same previews and updates of the same stack on the same emulated cloud, in turn.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalWorkspace, Stack } from '@pulumi/pulumi/automation/index.js';
import { findInstallation, openWorkspace } from '../infra/cli/plain-pulumi.ts';
import { parseStackFile } from '../infra/config.ts';
import { copyFor, identityOf, type ReleaseManifest } from '../infra/contract/release.ts';
import { parseStack } from '../infra/contract/stack.ts';
import { serviceProgram } from '../infra/program.ts';
import { createCheckout } from '../infra/rehearsal/checkout.ts';
import { startClouds } from '../infra/rehearsal/clouds.ts';
import { openStage, type Stage } from '../infra/rehearsal/stage.ts';
import type { Figure } from './figure.ts';
import { median } from './median.ts';

const rounds = 5;
const project = path.join(import.meta.dirname, '..');
const stack = parseStack('gcp-dev');

export async function benchOverhead(talk: (line: string) => void): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-bench-'));
  const checkout = await createCheckout(project, path.join(folder, 'checkout'), process.env.PATH ?? '');
  const directory = path.join(checkout.root, '.trireme', 'emulator');
  const clouds = await startClouds({ project, directory, timeScale: 1000, stay: false, variables: process.env });
  try {
    const stage = await openStage(checkout, process.env, ({ message }) => talk(message));
    return await compare(stage, await twoReleases(stage), talk);
  } finally {
    await clouds.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Something to change from and to, on every operation. */
async function twoReleases(stage: Stage): Promise<readonly [ReleaseManifest, ReleaseManifest]> {
  const release = async (message: string) => {
    await stage.train(() => {});
    await stage.checkout.commit(message);
    return stage.release({ login: 'bench', via: 'local' }, () => {}, new AbortController().signal);
  };
  const first = await release('one');
  await stage.checkout.edit('problem.yaml', (text) => text.replace(/^seed: .*$/m, 'seed: 4711'));
  return [first, await release('another')];
}

type Road = { readonly preview: number[]; readonly up: number[] };

async function compare(
  stage: Stage,
  releases: readonly [ReleaseManifest, ReleaseManifest],
  talk: (line: string) => void,
): Promise<readonly Figure[]> {
  const ours: Road = { preview: [], up: [] };
  const bare: Road = { preview: [], up: [] };
  const { deployer } = stage.delivery({ login: 'bench', via: 'local' }, () => {});
  const bareStack = (manifest: ReleaseManifest) => openBareStack(stage, manifest);
  await deployer.deploy(stack, { manifest: releases[1], stage: 'live' });
  for (let round = 0; round < rounds; round++) {
    const [there, back] = releases;
    ours.preview.push(await seconds(() => deployer.preview(stack, { manifest: there, stage: 'live' })));
    ours.up.push(await seconds(() => deployer.deploy(stack, { manifest: there, stage: 'live' })));
    bare.preview.push(await seconds(async () => (await bareStack(back)).preview()));
    bare.up.push(await seconds(async () => (await bareStack(back)).up()));
  }
  for (const [name, road] of Object.entries({ ours, bare })) {
    talk(
      `${name}: preview ${median(road.preview).toFixed(2)} s, up ${median(road.up).toFixed(2)} s (median of ${rounds})`,
    );
  }
  return (['preview', 'up'] as const).map((operation) => ({
    name: `${operation}, our deployer ÷ bare Automation API`,
    value: median(ours[operation]) / median(bare[operation]),
    unit: '×',
    must: 1.5,
  }));
}

async function openBareStack({ environment }: Stage, manifest: ReleaseManifest): Promise<Stack> {
  const { command } = await findInstallation(environment, () => {});
  const { directory } = await openWorkspace(environment, true);
  const variables = Object.entries(environment.variables).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const release = { ...identityOf(manifest), imageRef: copyFor(manifest, stack.cloud) };
  const file = path.join(environment.checkout, 'stacks', `Pulumi.${stack.name}.yaml`);
  const found = parseStackFile(stack.name, await readFile(file, 'utf8'));
  if (found.kind !== 'service') throw new TypeError(`${stack.name} is a service stack`);
  const { config } = found;
  const workspace = await LocalWorkspace.create({
    workDir: directory,
    pulumiCommand: command,
    envVars: Object.fromEntries(variables),
    program: async () => ({ ...(await serviceProgram({ stack, config, release, stage: 'live' })) }),
  });
  return Stack.createOrSelect(stack.name, workspace);
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}
