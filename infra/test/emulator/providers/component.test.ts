import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudRegistry, type Runtime, runtimeRegistry } from '../../../clouds/index.ts';
import {
  foundationConfig,
  type ReleaseArgs,
  type RuntimeName,
  type Stage,
  serviceConfig,
} from '../../../contract/service.ts';
import type { Cloud } from '../../../contract/stack.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';
import { inlineStack } from './inline-stack.ts';

let clouds: AttachedClouds;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-components-'));
  clouds = await attachedClouds();
}, installationMilliseconds);
afterAll(async () => {
  await clouds.stop();
  await rm(directory, { recursive: true, force: true });
});

const targets: readonly {
  cloud: Cloud;
  environment: 'dev' | 'prod';
  runtime: RuntimeName;
  region: string;
  memoryMiB: number;
}[] = [
  { cloud: 'aws', environment: 'dev', runtime: 'app-runner', region: 'eu-west-1', memoryMiB: 2048 },
  { cloud: 'gcp', environment: 'dev', runtime: 'cloud-run', region: 'europe-west1', memoryMiB: 512 },
  { cloud: 'azure', environment: 'prod', runtime: 'app-service', region: 'westeurope', memoryMiB: 4096 },
];

const repositories: Readonly<Record<Cloud, string>> = {
  aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme',
  gcp: 'europe-west1-docker.pkg.dev/trireme-emulated/trireme/trireme',
  azure: 'triremeemulated.azurecr.io/trireme',
};

describe('the components, foundation and service together, against the emulated providers', () => {
  it.each(targets)('come up, stay as they are, take a new release and go: $cloud', async (target) => {
    const { cloud, environment, runtime, region, memoryMiB } = target;
    const config = serviceConfig.parse({
      runtime,
      region,
      cpu: 1,
      memoryMiB,
      minInstances: 1,
      maxInstances: 2,
      concurrency: 50,
      exposure: 'public',
      protect: false,
      env: { GREETING: 'hello' },
      secrets: {},
    });
    let build = '1';
    let stage: Stage = 'live';
    let running = '';
    const name = `${cloud}-${environment}` as const;
    const program = async () => {
      const provider = await cloudRegistry[cloud].provider(region);
      const foundation = await cloudRegistry[cloud].foundation(foundationConfig.parse({ region }), { provider });
      const selected: Runtime = runtimeRegistry[runtime];
      const Service = await selected.component();
      const released = (digest: string) =>
        ({
          releaseId: `rel-${digest}-000000000000`,
          imageDigest: `sha256:${digest}`,
          buildId: `bld-${digest}`,
          imageRef: `${repositories[cloud]}@sha256:${digest}`,
        }) as unknown as ReleaseArgs;
      const service = new Service(
        'service',
        {
          stack: { name, cloud, environment },
          config,
          foundation,
          release: released(build),
          stage,
          current: { ...released('1'), revision: running },
        },
        { provider },
      );
      return {
        endpoint: service.endpoint,
        candidate: service.candidateEndpoint,
        coordinates: service.coordinates,
        repository: foundation.repository,
        revision: service.revision,
      };
    };
    const stack = await inlineStack({ name, directory, debugProviders: clouds.debugProviders, program });

    const up = await stack.up();
    expect(up.outputs.repository?.value).toBe(repositories[cloud]);
    const endpoint = String(up.outputs.endpoint?.value);
    await answers(endpoint, '1 0');
    running = String(up.outputs.revision?.value);
    const all = up.summary.resourceChanges?.create;
    expect((await stack.preview()).changeSummary).toEqual({ same: all });
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: all });
    expect((await stack.preview()).changeSummary).toEqual({ same: all });

    build = '2';
    stage = 'candidate';
    const next = await stack.up();
    const proven = String(next.outputs.candidate?.value ?? next.outputs.endpoint?.value);
    await answers(proven, '2 0');
    if (next.outputs.candidate?.value !== undefined) await answers(endpoint, '1 0');

    await stack.destroy();
    expect([...clouds.repositories].filter((one) => one.startsWith(cloud))).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);
  });
});

/** App Service answers later than its control plane. */
async function answers(endpoint: string, body: string): Promise<void> {
  await expect.poll(async () => (await fetch(`${endpoint}/`)).text()).toBe(body);
}
