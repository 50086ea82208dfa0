import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { call } from '../../../emulator/providers/control-plane.ts';
import { accounts } from '../../../emulator/world.ts';
import { halfMade } from '../engine/engine-client.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeEach(async () => {
  clouds = await attachedClouds();
});
afterEach(() => clouds.stop());

const textOf = async (url: unknown) => (await fetch(`http://${String(url).replace('http://', '')}/`)).text();
const rejected = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('App Runner', () => {
  const type = 'aws:apprunner/service:Service';
  const ecr = 'arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess';
  let accessRoleArn: string;
  const inputs = (build: string, changes: Properties = {}): Properties => ({
    serviceName: 'trireme-dev',
    sourceConfiguration: {
      autoDeploymentsEnabled: false,
      authenticationConfiguration: { accessRoleArn },
      imageRepository: {
        imageIdentifier: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme:${build}`,
        imageRepositoryType: 'ECR',
        imageConfiguration: { port: '8080', runtimeEnvironmentVariables: { RELEASE_ID: build } },
      },
    },
    healthCheckConfiguration: { protocol: 'HTTP', path: '/ready', interval: 1, unhealthyThreshold: 2 },
    ...changes,
  });

  beforeEach(async () => {
    const assumeRolePolicy = '{"Statement":[{"Principal":{"Service":"build.apprunner.amazonaws.com"}}]}';
    const role = await clouds.create('aws:iam/role:Role', { name: 'pull', assumeRolePolicy });
    accessRoleArn = String(role.outputs.arn);
    await clouds.create('aws:iam/rolePolicyAttachment:RolePolicyAttachment', { role: 'pull', policyArn: ecr });
  });

  it('runs the image, and read finds nothing to change', async () => {
    const { id, outputs } = await clouds.create(type, inputs('1'));
    expect(outputs.status).toBe('RUNNING');
    expect(await textOf(outputs.serviceUrl)).toBe('1 0');
    const read = await clouds.client(type).read(type, id, inputs('1'));
    expect(read.inputs).toEqual(inputs('1'));
    expect(
      (await clouds.client(type).diff(type, { inputs: inputs('1'), state: read.outputs }, inputs('1'))).changed,
    ).toBe(false);
    await clouds.client(type).delete(type, id, inputs('1'));
    expect((await clouds.client(type).read(type, id, inputs('1'))).id).toBe('');
  });

  it('takes a failed update for success, but its state names the old image, so that the next preview shows it', async () => {
    const { id, outputs } = await clouds.create(type, inputs('1'));
    const after = await clouds.client(type).update(type, id, outputs, inputs('2-exits'));
    expect(after.status).toBe('RUNNING');
    expect(await textOf(after.serviceUrl)).toBe('1 0');
    const olds = { inputs: inputs('2-exits'), state: after };
    expect((await clouds.client(type).diff(type, olds, inputs('2-exits'))).detailed).toMatchObject({
      'sourceConfiguration.imageRepository.imageIdentifier': 'UPDATE',
    });
  });

  it('records a service whose creation failed', async () => {
    const error = await rejected(clouds.create(type, inputs('1-exits')));
    expect(String(error)).toContain("unexpected state 'CREATE_FAILED'");
    expect(halfMade(error)).toMatchObject({ outputs: { status: 'CREATE_FAILED', serviceName: 'trireme-dev' } });
  });

  it('refuses roles that do not exist, do not trust App Runner, or may not pull', async () => {
    const assumeRolePolicy = '{"Statement":[{"Principal":{"Service":"build.apprunner.amazonaws.com"}}]}';
    const bare = await clouds.create('aws:iam/role:Role', { name: 'bare', assumeRolePolicy });
    const others = await clouds.create('aws:iam/role:Role', { name: 'others', assumeRolePolicy: '{}' });
    const refusals: string[] = [];
    for (const arn of ['arn:aws:iam::123456789012:role/none', others.outputs.arn, bare.outputs.arn]) {
      accessRoleArn = String(arn);
      refusals.push(String(await rejected(clouds.create(type, inputs('1')))));
    }
    expect(refusals).toEqual([
      expect.stringContaining('role/none: it does not exist'),
      expect.stringContaining('does not trust build.apprunner.amazonaws.com'),
      expect.stringContaining('holds no permission to pull'),
    ]);
  });

  it('replaces a service whose name changes', async () => {
    const diff = await clouds
      .client(type)
      .diff(type, { inputs: inputs('1') }, inputs('1', { serviceName: 'trireme-prod' }));
    expect(diff.replaces).toEqual(['serviceName']);
  });
});

describe('Cloud Run', () => {
  const type = 'gcp:cloudrunv2/service:Service';
  const inputs = (build: string, changes: Properties = {}): Properties => ({
    name: 'trireme-dev',
    location: 'europe-west1',
    deletionProtection: false,
    ingress: 'INGRESS_TRAFFIC_ALL',
    labels: { environment: 'dev' },
    traffics: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
    template: {
      maxInstanceRequestConcurrency: 80,
      scaling: { minInstanceCount: 0, maxInstanceCount: 2 },
      containers: [
        {
          image: `europe-west1-docker.pkg.dev/trireme-emulated/trireme/app:${build}`,
          ports: { containerPort: 8080 },
          envs: [{ name: 'RELEASE_ID', value: build }],
          resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: false },
          startupProbe: { httpGet: { path: '/ready' }, periodSeconds: 1, failureThreshold: 2 },
        },
      ],
    },
    ...changes,
  });

  it('runs the image, and read finds nothing to change', async () => {
    const { id, outputs } = await clouds.create(type, inputs('1'));
    expect(id).toBe('projects/trireme-emulated/locations/europe-west1/services/trireme-dev');
    expect(await textOf(outputs.uri)).toBe('1 0');
    expect(outputs.latestReadyRevision).toBe(outputs.latestCreatedRevision);
    const read = await clouds.client(type).read(type, id, inputs('1'));
    expect(read.inputs).toEqual(inputs('1'));
    expect(
      (await clouds.client(type).diff(type, { inputs: inputs('1'), state: outputs }, inputs('1'))).detailed,
    ).toEqual({});
  });

  it('fails an update whose revision never becomes ready, and goes on serving the old one', async () => {
    const { id, outputs } = await clouds.create(type, inputs('1'));
    const error = await rejected(clouds.client(type).update(type, id, outputs, inputs('2-never-ready')));
    expect(String(error)).toMatch(
      /Error waiting for Updating Service: Error code 9, message: Revision '.*' is not ready and cannot serve traffic/,
    );
    expect(await textOf(halfMade(error)?.outputs.uri)).toBe('1 0');
    const fixed = await clouds.client(type).update(type, id, outputs, inputs('3'));
    expect(await textOf(fixed.uri)).toBe('3 0');
  });

  it('leaves a service behind when its first revision fails', async () => {
    const error = await rejected(clouds.create(type, inputs('1-exits')));
    expect(String(error)).toContain('is not ready and cannot serve traffic');
    expect(halfMade(error)?.id).toMatch(/services\/trireme-dev$/);
    await expect(clouds.create(type, inputs('1'))).rejects.toThrow(/Error 409: Resource 'trireme-dev' already exists/);
  });

  it('shows what was changed behind Pulumi’s back', async () => {
    const { id } = await clouds.create(type, inputs('1'));
    const handler = clouds.world.controlPlanes.cloudRun;
    const { body } = await call(handler, { method: 'GET', url: `/v2/${id}` });
    await call(handler, {
      method: 'PATCH',
      url: `/v2/${id}`,
      body: { template: body.template ?? {}, labels: { environment: 'dev', by: 'hand' } },
    });
    const read = await clouds.client(type).read(type, id, inputs('1'));
    expect(read.inputs.labels).toEqual({ environment: 'dev', by: 'hand' });
    expect(
      (await clouds.client(type).diff(type, { inputs: read.inputs, state: read.outputs }, inputs('1'))).detailed,
    ).toEqual({
      'labels.by': 'DELETE',
    });
  });

  it('refuses a service account that does not exist, and a delete while protected', async () => {
    const template = { serviceAccount: 'none@trireme-emulated.iam.gserviceaccount.com', containers: [{ image: 'x' }] };
    await expect(clouds.create(type, inputs('1', { template }))).rejects.toThrow(/iam.serviceaccounts.actAs/);
    const { id } = await clouds.create(type, inputs('1'));
    const asked = inputs('1', { deletionProtection: true });
    await expect(clouds.client(type).delete(type, id, asked)).rejects.toThrow(/deletion_protection=false/);
    await clouds.client(type).delete(type, id, inputs('1'));
    expect((await clouds.client(type).read(type, id, inputs('1'))).id).toBe('');
  });
});

describe('App Service', () => {
  const type = 'azure-native:web:WebApp';
  const slotType = 'azure-native:web:WebAppSlot';
  const acrPull = `/subscriptions/${accounts.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d`;
  let needs: { plan: string; identity: string; clientId: string; principalId: string; registry: string };
  const inputs = (build: string, changes: Properties = {}): Properties => ({
    resourceGroupName: 'rg',
    name: 'trireme-dev',
    serverFarmId: needs.plan,
    kind: 'app,linux,container',
    reserved: true,
    httpsOnly: true,
    identity: { type: 'UserAssigned', userAssignedIdentities: [needs.identity] },
    siteConfig: {
      linuxFxVersion: `DOCKER|triremeemulated.azurecr.io/trireme:${build}`,
      acrUseManagedIdentityCreds: true,
      acrUserManagedIdentityID: needs.clientId,
      appSettings: [
        { name: 'WEBSITES_PORT', value: '8080' },
        { name: 'PORT', value: '8080' },
      ],
    },
    ...changes,
  });
  /** The platform has given up on the container. */
  const stopped = async (id: string) => {
    const url = `${id}/instances?api-version=2025-05-01`;
    const answer = () => call(clouds.world.controlPlanes.arm, { method: 'GET', url });
    await expect.poll(async () => JSON.stringify((await answer()).body)).toContain('"STOPPED"');
  };
  const serves = (host: unknown, body: string) => expect.poll(() => textOf(host)).toBe(body);

  beforeEach(async () => {
    await clouds.create('azure-native:resources:ResourceGroup', { resourceGroupName: 'rg', location: 'westeurope' });
    const inGroup = { resourceGroupName: 'rg' };
    const registry = { ...inGroup, registryName: 'triremeemulated', sku: { name: 'Basic' } };
    const made = await clouds.create('azure-native:containerregistry:Registry', registry);
    const pull = { ...inGroup, resourceName: 'pull' };
    const identity = await clouds.create('azure-native:managedidentity:UserAssignedIdentity', pull);
    const plan = { ...inGroup, name: 'plan', kind: 'linux', reserved: true, sku: { name: 'B1', tier: 'Basic' } };
    needs = {
      plan: (await clouds.create('azure-native:web:AppServicePlan', plan)).id,
      identity: identity.id,
      clientId: String(identity.outputs.clientId),
      principalId: String(identity.outputs.principalId),
      registry: made.id,
    };
  });
  const allowPull = () =>
    clouds.create('azure-native:authorization:RoleAssignment', {
      principalId: needs.principalId,
      principalType: 'ServicePrincipal',
      roleDefinitionId: acrPull,
      scope: needs.registry,
    });

  it('takes any image at once, and read sees all but siteConfig', async () => {
    await allowPull();
    const { id, outputs } = await clouds.create(type, inputs('1'));
    expect(outputs).toMatchObject({ state: 'Running', location: 'westeurope' });
    expect(outputs.siteConfig).toBeUndefined();
    await serves(outputs.defaultHostName, '1 0');
    const bad = await clouds.client(type).update(type, id, outputs, inputs('2-exits'));
    expect(bad.state).toBe('Running');
    await serves(bad.defaultHostName, ':( Application Error');

    const handler = clouds.world.controlPlanes.arm;
    const url = (path: string) => `${id}${path}?api-version=2025-05-01`;
    const properties = { linuxFxVersion: 'DOCKER|triremeemulated.azurecr.io/trireme:by-hand' };
    await call(handler, { method: 'PATCH', url: url('/config/web'), body: { properties } });
    expect((await clouds.client(type).read(type, id, inputs('2-exits'))).inputs).toEqual(inputs('2-exits'));
    const body = { location: 'westeurope', properties: { httpsOnly: false } };
    await call(handler, { method: 'PUT', url: url(''), body });
    expect((await clouds.client(type).read(type, id, inputs('2-exits'))).inputs).toEqual(
      inputs('2-exits', { httpsOnly: false }),
    );
  });

  it('is dead when its identity may not pull, though the vendor took it', async () => {
    const { id, outputs } = await clouds.create(type, inputs('1'));
    await stopped(id);
    expect(await textOf(outputs.defaultHostName)).toBe(':( Application Error');
    expect(clouds.bench.pulled).toEqual([]);
  });

  it('refuses a plan or an identity that does not exist, and to be created twice', async () => {
    await expect(clouds.create(type, inputs('1', { serverFarmId: '/none' }))).rejects.toThrow(/Cannot find ServerFarm/);
    const identity = { type: 'UserAssigned', userAssignedIdentities: ['/none'] };
    await expect(clouds.create(type, inputs('1', { identity }))).rejects.toThrow(/FailedIdentityOperation/);
    await clouds.create(type, inputs('1'));
    await expect(clouds.create(type, inputs('1'))).rejects.toThrow(/cannot create already existing resource/);
  });

  it('gives slots to plans from Standard on, beside an existing site', async () => {
    const standard = { resourceGroupName: 'rg', name: 'standard', kind: 'linux', reserved: true, sku: { name: 'S1' } };
    const plan = await clouds.create('azure-native:web:AppServicePlan', standard);
    await expect(clouds.create(slotType, { ...inputs('1'), slot: 'candidate' })).rejects.toThrow(
      /number of slots allowed for the 'Basic'/,
    );
    const good = inputs('1', { serverFarmId: plan.id });
    await expect(clouds.create(slotType, { ...good, slot: 'candidate' })).rejects.toThrow(/ResourceNotFound/);
    await allowPull();
    await clouds.create(type, good);
    const { id, outputs } = await clouds.create(slotType, { ...good, slot: 'candidate' });
    expect(id).toMatch(/sites\/trireme-dev\/slots\/candidate$/);
    await serves(outputs.defaultHostName, '1 0');
    await clouds.client(slotType).delete(slotType, id, { ...good, slot: 'candidate' });
    expect((await clouds.client(slotType).read(slotType, id, good)).id).toBe('');
  });
});
