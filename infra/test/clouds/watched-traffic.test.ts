// Reader, wire, control plane and front door together: what real requests met is what the vendor's metrics tell, and a release is judged by it.
import {
  AppRunnerClient,
  CreateServiceCommand,
  DescribeServiceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-apprunner';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appRunnerProver } from '../../clouds/aws/app-runner/prover.ts';
import { trafficReaders } from '../../clouds/index.ts';
import type { Deployer, Prover, TrafficReader } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import type { DeployedService } from '../../contract/service.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { appRunnerApi } from '../../emulator/control-planes/app-runner/api.ts';
import { cloudWatchApi } from '../../emulator/control-planes/app-runner/metrics.ts';
import { appServiceApi } from '../../emulator/control-planes/app-service/api.ts';
import { cloudRunApi } from '../../emulator/control-planes/cloud-run/api.ts';
import { cloudMonitoringApi } from '../../emulator/control-planes/cloud-run/metrics.ts';
import { type Listener, listen } from '../../emulator/listen.ts';
import type { Handler } from '../../emulator/world.ts';
import { policyText, World } from '../delivery/world.ts';
import { settled } from '../emulator/control-planes/settled.ts';
import { type Bench, bench } from '../emulator/runtimes/fixture.ts';
import { constantTraffic } from '../emulator/runtimes/traffic.ts';
import { Checked } from '../published/checked.ts';
import { clock } from './emulated-clouds.ts';

const timeScale = 200;
let clouds: Bench;
let listeners: Listener[];
let checked: Checked;

beforeEach(async () => {
  clouds = await bench({ timeScale });
  listeners = [];
  checked = new Checked();
});
afterEach(async () => {
  await Promise.all(listeners.map((one) => one.close()));
  await clouds.stop();
  checked.assert();
});

async function at(handler: Handler): Promise<string> {
  const listener = await listen(handler);
  listeners.push(listener);
  return listener.url;
}

/** The readers as every verb gets them: by the variables of emulated clouds alone. */
async function readers(arm: Handler) {
  const variables = {
    TRIREME_EMULATOR: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_CLOUDWATCH: await at(checked.aws('aws-cloudwatch', cloudWatchApi(clouds.host))),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING: `${await at(checked.rest(['gcp-monitoring'], cloudMonitoringApi(clouds.host)))}/`,
    TRIREME_ARM_ENDPOINT: await at(arm),
  };
  return trafficReaders({ variables, clock, timeScale });
}

const call = async (handler: Handler, method: string, url: string, body: unknown, headers = {}) => {
  const answer = await handler({ method, url, headers, body: Buffer.from(JSON.stringify(body)) });
  return JSON.parse(String(answer.body));
};

/** `b-sick` passes its probe and answers 500 to three requests in ten. */
const requests = 40;
const sickErrors = 12;

/** A timer may fire a moment early, and a second that has not ended is not told of. */
async function nextSecond(): Promise<void> {
  const next = (Math.floor(Date.now() / 1000) + 1) * 1000;
  while (Date.now() < next) await clock.sleep(next - Date.now());
}

async function ask(url: string): Promise<{ readonly from: number; readonly to: number }> {
  // A second of its own: metrics are told by whole seconds.
  await nextSecond();
  const from = Date.now();
  for (let sent = 0; sent < requests; sent++) await (await fetch(url, { method: 'POST', body: 'x' })).text();
  await nextSecond();
  return { from, to: Date.now() };
}

/** What a runtime needs to be asked: a service with an image, another image, and both as delivery knows them. */
interface Ran {
  readonly reader: TrafficReader;
  readonly url: string;
  readonly live: () => Promise<Pick<DeployedService, 'coordinates' | 'revision'>>;
  readonly replace: (build: string) => Promise<unknown>;
}

const runtimes: Readonly<Record<string, () => Promise<Ran>>> = {
  async 'App Runner'() {
    const runner = await appRunner('trireme-prod');
    const { 'app-runner': reader } = await readers(async () => ({ status: 404 }));
    const live = async () => ({ coordinates: { serviceArn: runner.arn }, revision: '' });
    return { reader, url: runner.url, live, replace: runner.run };
  },
  async 'Cloud Run'() {
    const api = checked.rest(['gcp-run'], cloudRunApi(clouds.host));
    const { 'cloud-run': reader } = await readers(async () => ({ status: 404 }));
    const parent = 'projects/trireme-emulated/locations/europe-west1';
    const name = `${parent}/services/trireme-prod`;
    const body = (build: string) => ({
      template: {
        scaling: { minInstanceCount: 1 },
        containers: [
          {
            image: `europe-west1-docker.pkg.dev/trireme-emulated/trireme/app@sha256:${build}`,
            startupProbe: { httpGet: { path: '/ready' }, periodSeconds: 1, failureThreshold: 30 },
          },
        ],
      },
    });
    const service = () => call(api, 'GET', `/v2/${name}`, {});
    const ready = (build: string) =>
      settled(
        service,
        ({ reconciling, template }) => reconciling !== true && template.containers[0].image.endsWith(build),
      );
    await call(api, 'POST', `/v2/${parent}/services?serviceId=trireme-prod`, body('a-good'));
    const { uri } = await ready('a-good');
    return {
      reader,
      url: uri,
      live: async () => ({ coordinates: { service: name }, revision: (await service()).latestReadyRevision }),
      async replace(build) {
        await call(api, 'PATCH', `/v2/${name}`, body(build));
        await ready(build);
      },
    };
  },
  async 'App Service'() {
    const api = checked.rest(['azure-web', 'azure-monitor'], appServiceApi(clouds.host));
    const { 'app-service': reader } = await readers(api);
    const site = '/subscriptions/s/resourceGroups/trireme/providers/Microsoft.Web/sites/trireme-prod';
    const settings = {
      PORT: '8080',
      WEBSITES_PORT: '8080',
      WEBSITE_WARMUP_PATH: '/ready',
      WEBSITE_WARMUP_STATUSES: '200',
    };
    const run = async (build: string) => {
      const { properties } = await call(api, 'PUT', `${site}?api-version=2024-11-01`, {
        location: 'westeurope',
        identity: { type: 'UserAssigned' },
        properties: {
          siteConfig: {
            linuxFxVersion: `DOCKER|triremeemulated.azurecr.io/app@sha256:${build}`,
            acrUseManagedIdentityCreds: true,
            appSettings: Object.entries(settings).map(([name, value]) => ({ name, value })),
          },
        },
      });
      await settled(
        async () => [...clouds.host.services].map((one) => one.live?.container.imageRef ?? ''),
        ([image]) => image?.endsWith(build) === true,
      );
      return `http://${properties.defaultHostName}`;
    };
    const url = await run('a-good');
    return { reader, url, live: async () => ({ coordinates: { site }, revision: '' }), replace: run };
  },
};

async function appRunner(name: string) {
  const endpoint = await at(checked.aws('aws-apprunner', appRunnerApi(clouds.host)));
  const credentials = { accessKeyId: 'emulated', secretAccessKey: 'emulated' };
  const client = new AppRunnerClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  const source = (build: string) => ({
    AutoDeploymentsEnabled: false,
    AuthenticationConfiguration: { AccessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
    ImageRepository: {
      ImageIdentifier: imageOf(build),
      ImageRepositoryType: 'ECR' as const,
      ImageConfiguration: { Port: '8080' },
    },
  });
  const created = await client.send(
    new CreateServiceCommand({
      ServiceName: name,
      SourceConfiguration: source('a-good'),
      HealthCheckConfiguration: { Protocol: 'HTTP', Path: '/ready', Interval: 1 },
    }),
  );
  const arn = created.Service?.ServiceArn ?? '';
  const atRest = () =>
    settled(
      async () => (await client.send(new DescribeServiceCommand({ ServiceArn: arn }))).Service,
      (service) => service?.Status === 'RUNNING',
    );
  const url = `http://${(await atRest())?.ServiceUrl}`;
  return {
    arn,
    url,
    endpoint,
    image: async () => (await atRest())?.SourceConfiguration?.ImageRepository?.ImageIdentifier,
    async run(build: string) {
      await client.send(new UpdateServiceCommand({ ServiceArn: arn, SourceConfiguration: source(build) }));
      await atRest();
    },
  };
}

function imageOf(build: string): string {
  return `123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:${build}`;
}

describe.each(Object.entries(runtimes))('%s', (_, start) => {
  test('tells what requests met, of each release in its own time', async () => {
    const { reader, url, live, replace } = await start();
    const read = async ({ from, to }: { readonly from: number; readonly to: number }) =>
      reader.read((await live()) as DeployedService, from, to);
    const before = await ask(url);
    const met = await read(before);
    expect(met).toMatchObject({ requests, errors: 0 });
    expect(met.meanLatencyMs).toBeGreaterThan(0);
    // Nobody can have waited longer for an answer than the whole span took.
    expect(met.meanLatencyMs).toBeLessThan(before.to - before.from);
    await replace('b-sick');
    expect(await read(await ask(url))).toMatchObject({ requests, errors: sickErrors });
    const quiet = { from: Date.now() + 60_000, to: Date.now() + 120_000 };
    expect(await read(quiet)).toEqual({ requests: 0, errors: 0 });
  });
});

test('a release that its control plane proves and people’s requests refute goes back', async () => {
  const runner = await appRunner('trireme-prod');
  const { 'app-runner': reader } = await readers(async () => ({ status: 404 }));
  const builds = new Map<string, string>();
  /** The world's ledger and engine; App Runner itself, its prover and its metrics over the wire. */
  const world = new World();
  const usual = world.delivery(['aws-dev', 'aws-prod']);
  const onWire = (service: DeployedService): DeployedService =>
    service.endpoint.includes('aws-prod') ? { ...service, coordinates: { serviceArn: runner.arn } } : service;
  const deployer: Deployer = {
    ...usual.deployer,
    async deploy(stack, request, options) {
      const build = builds.get(releaseIdOf(request.manifest));
      if (stack.name === 'aws-prod' && build !== undefined) await runner.run(build);
      return usual.deployer.deploy(stack, request, options);
    },
  };
  const inMemory = usual.provers['app-runner'];
  if (inMemory === undefined) throw new Error('the world has a prover for every runtime');
  const wire = appRunnerProver({ endpoint: runner.endpoint, fetch, clock, timeScale });
  const prover: Prover = {
    runtime: wire.runtime,
    baseline: async (service) =>
      service?.endpoint.includes('aws-prod') === true ? wire.baseline(onWire(service)) : {},
    prove: (request, options) => {
      if (!request.service.endpoint.includes('aws-prod')) return inMemory.prove(request, options);
      const imageRef = imageOf(builds.get(request.release.releaseId) ?? '');
      const service = onWire(request.service);
      return wire.prove({ ...request, service, release: { ...request.release, imageRef } }, options);
    },
  };
  const delivery = world.delivery(['aws-dev', 'aws-prod'], {
    deployer,
    clock,
    provers: { ...usual.provers, 'app-runner': prover },
    traffic: {
      'app-runner': { ...reader, read: (service, from, to) => reader.read(onWire(service), from, to) },
    },
    policy: parsePolicy(`${policyText}watch: { seconds: 3, minRequests: 20, maxLatencyRatio: 1000 }\n`),
  });
  const good = await world.release();
  const sick = await world.release();
  builds.set(releaseIdOf(good), 'a-good');
  builds.set(releaseIdOf(sick), 'b-sick');
  const clients = constantTraffic(runner.url, 100);
  await deployRelease(delivery, good, 'prod');
  await deployRelease(delivery, sick, 'dev');
  const { promotion } = await preparePromotion(delivery, sick, 'prod');
  await approvePromotion(delivery, promotion.body.promotion, { login: 'alice', via: 'local' });
  const outcome = await promote(delivery, promotion.body.promotion);
  const tally = await clients.stop();

  const [stack] = outcome.stacks;
  const checks = Object.fromEntries((stack?.checks ?? []).map((check) => [check.name, check.outcome]));
  expect(checks).toMatchObject({ 'control-plane': 'passed', 'traffic-errors': 'failed' });
  expect(stack).toMatchObject({ state: 'reverted', runs: releaseIdOf(good) });
  expect(await runner.image()).toBe(imageOf('a-good'));
  // The clients saw it as the metrics told it: some of the answers were 500, and nothing else went wrong.
  expect([...tally.losses.keys()]).toEqual(['status 500']);
});
