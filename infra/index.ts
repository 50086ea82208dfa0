// The Pulumi program for whoever runs plain `pulumi`. Which release: the manifest that TRIREME_RELEASE names, else what the stack runs.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { getOrganization, getStack, RunError, runtime } from '@pulumi/pulumi';
import { z } from 'zod';
import { project } from './clouds/names.ts';
import { readConfig } from './config.ts';
import { DeliveryError } from './contract/errors.ts';
import { copyFor, identityOf, parseReleaseManifest, type ReleaseId } from './contract/release.ts';
import { deployedService, type ReleaseArgs } from './contract/service.ts';
import type { Stack } from './contract/stack.ts';
import { foundationProgram, githubProgram, serviceProgram } from './program.ts';

/** The environment is read here, at the edge, and nowhere below. */
const { TRIREME_RELEASE: manifestPath, TRIREME_EMULATOR: emulator } = process.env;

export default async function main(): Promise<Record<string, unknown>> {
  try {
    const read = readConfig(getStack());
    if (read.kind === 'foundation') return { ...(await foundationProgram(read)) };
    if (read.kind === 'github') return { ...(await githubProgram(read.config)) };
    const { stack, config } = read;
    const runs = await runningService(stack);
    const release = manifestPath === undefined ? runningRelease(stack, runs) : await releaseFrom(manifestPath, stack);
    const { secretsAsOf } = runs ?? {};
    const retry = runs?.release.releaseId === release.releaseId ? runs.retry : undefined;
    return { ...(await serviceProgram({ stack, config, release, stage: 'live', secretsAsOf, retry })) };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    // Pulumi prints this kind once and without a stack.
    throw new RunError(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
  }
}

async function releaseFrom(path: string, stack: Stack): Promise<ReleaseArgs> {
  const text = await textOf(path);
  // The file is named by what it holds: one edited byte gives it another name.
  const manifest = parseReleaseManifest(
    jsonOf(path, text),
    /^rel-\d+-[0-9a-f]{12}(?=\.json$)/.exec(basename(path))?.[0],
  );
  if (manifest.image.builder === 'layout' && emulator === undefined) {
    throw new DeliveryError('refused', `expected an image built from the Dockerfile; ${path} names a layout`, {
      hint: 'real clouds run no layout: make the release with a container engine, or start the emulated clouds',
    });
  }
  return { ...identityOf(manifest), imageRef: copyFor(manifest, stack.cloud) };
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DeliveryError(
      'document-invalid',
      `expected a release manifest in ${path}; found no JSON: it was edited`,
      {
        hint: 'manifests lie where `npx trireme release` says',
        cause,
      },
    );
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DeliveryError(
      'unknown-release',
      `expected a release manifest in TRIREME_RELEASE; could not read ${path}`,
      {
        hint: 'manifests lie where `npx trireme release` says',
        cause,
      },
    );
  }
}

const ownOutputs = z.object({ outputs: deployedService.pick({ release: true, secretsAsOf: true, retry: true }) });
type RunningService = z.infer<typeof ownOutputs>['outputs'];

/** What the stack's own last outputs say. Asked for directly: a stack reference to itself would become a resource of the stack. */
async function runningService(stack: Stack): Promise<RunningService | undefined> {
  const name = `${getOrganization()}/${project}/${stack.name}`;
  const answer: unknown = await runtime.invoke('pulumi:pulumi:readStackOutputs', { name });
  return ownOutputs.safeParse(answer).data?.outputs;
}

function runningRelease(stack: Stack, runs: RunningService | undefined): ReleaseArgs {
  if (runs === undefined) {
    throw new DeliveryError('unknown-release', `${stack.name} runs no release yet, and TRIREME_RELEASE names none`, {
      hint: `TRIREME_RELEASE=<path of a release manifest> pulumi up --stack ${stack.name}`,
    });
  }
  const { release } = runs;
  return { ...release, releaseId: release.releaseId as ReleaseId };
}
