import { Repository } from '@pulumi/aws/ecr/repository.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { Registry } from '@pulumi/azure-native/containerregistry/registry.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import { WebApp } from '@pulumi/azure-native/web/webApp.js';
import { Repository as Artifacts } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { Service } from '@pulumi/gcp/cloudrunv2/service.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type { Input } from '@pulumi/pulumi';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseStack } from '../../contract/stack.ts';
import type { Ending } from '../../pulumi/engine.ts';
import { installationMilliseconds, release } from '../pulumi/tiny-deployer.ts';
import { type PolicyEngine, policyEngine } from './policy-engine.ts';

let engine: PolicyEngine;

beforeAll(async () => {
  engine = await policyEngine();
}, installationMilliseconds);
afterAll(() => engine?.stop());
beforeEach(() => {
  engine.reports.length = 0;
});

const trust = (Principal: unknown) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] });

function refusal(ending: Ending | undefined): string {
  if (ending?.kind !== 'error' || ending.error.code !== 'refused')
    throw new Error(`not refused: ${JSON.stringify(ending)}`);
  return `${ending.error.message}\n${ending.error.hint}`;
}

/** One of each family of rules; all are told in one preview. */
async function planted(): Promise<void> {
  const role = new Role('role', { name: 'anybody', assumeRolePolicy: trust({ AWS: '*' }) });
  const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  new RolePolicy('policy', { role: role.name, policy: JSON.stringify(all) });
  new Repository('repository', { name: 'trireme' });
  new Bucket('bucket', { bucket: 'trireme-planted' });
  const artifacts = new Artifacts('artifacts', {
    repositoryId: 'trireme',
    location: 'europe-west1',
    format: 'DOCKER',
    dockerConfig: { immutableTags: true },
  });
  new RepositoryIamMember('readers', {
    repository: artifacts.repositoryId,
    location: 'europe-west1',
    role: 'roles/artifactregistry.reader',
    member: 'allUsers',
  });
  const envs = [{ name: 'DB_PASSWORD', value: 'hunter2x' }];
  new Service('service', {
    name: 'trireme-dev',
    location: 'europe-west1',
    template: { containers: [{ image: 'europe-west1-docker.pkg.dev/p/trireme/trireme:latest', envs }] },
  });
  const resourceGroupName = new ResourceGroup('group', { resourceGroupName: 'trireme', location: 'westeurope' }).name;
  new Registry('registry', {
    resourceGroupName,
    registryName: 'triremeplanted',
    sku: { name: 'Basic' },
    adminUserEnabled: true,
  });
  const sku = { name: 'B1', tier: 'Basic', capacity: 1 };
  const plan = new AppServicePlan('plan', { resourceGroupName, name: 'trireme', kind: 'linux', reserved: true, sku });
  new WebApp('site', {
    resourceGroupName,
    name: 'trireme-planted',
    serverFarmId: plan.id,
    kind: 'app,linux,container',
    reserved: true,
    siteConfig: { linuxFxVersion: 'DOCKER|triremeplanted.azurecr.io/trireme:latest' },
  });
}

async function repository(): Promise<void> {
  new Repository('repository', { name: 'trireme', tags: { app: 'trireme' } });
}

async function serviceOf(image: Input<string>, accountId = 'trireme-dev', location = 'europe-west1'): Promise<void> {
  const account = new Account('account', { accountId });
  new Service('service', {
    name: 'trireme-dev',
    location,
    deletionProtection: false,
    labels: { app: 'trireme' },
    template: {
      scaling: { minInstanceCount: 0, maxInstanceCount: 1 },
      containers: [{ image: image === '' ? account.email.apply(() => 'host/trireme:latest') : image }],
    },
  });
}

describe('the real engine with the policy pack', () => {
  it('refuses a planted violation of each family, all of them in one preview', async () => {
    const said = refusal(await engine.run('aws-dev', 'preview', planted));
    for (const [rule, resource] of [
      ['image-by-digest', 'service'],
      ['image-by-digest', 'site'],
      ['no-wildcard-grant', 'policy'],
      ['no-wildcard-trust', 'role'],
      ['no-public-grant', 'readers'],
      ['registry-hardened', 'repository'],
      ['registry-hardened', 'registry'],
      ['tls-only', 'site'],
      ['no-plain-secret', 'service'],
      ['instances-bounded', 'service'],
      ['bucket-private', 'bucket'],
      ['bucket-versioned', 'bucket'],
    ]) {
      expect(said).toContain(`${rule}, ${resource}: `);
    }
    expect(said).toContain(
      'expected host/name@sha256:<digest>; found `europe-west1-docker.pkg.dev/p/trireme/trireme:latest`',
    );
    expect(said).toContain('image-by-digest: name the image as');
    expect(said).not.toContain('hunter2x');
    expect(await engine.resources('aws-dev')).toEqual([]);
  });

  it('refuses an update too', async () => {
    expect(refusal(await engine.run('gcp-dev', 'up', repository))).toContain('registry-hardened, repository: ');
    expect((await engine.resources('gcp-dev')).filter((urn) => urn.endsWith('::repository'))).toEqual([]);
  });

  it('warns in a preview of an image that is not known before the update, and refuses it then', async () => {
    expect(await engine.run('azure-dev', 'preview', () => serviceOf(''))).toBeUndefined();
    const said = refusal(await engine.run('azure-dev', 'up', () => serviceOf('')));
    expect(said).toContain('image-by-digest, service: template.containers[0].image');
  });

  it('lowers a rule where policy.yaml says so, says it each time, and not beyond the day it names', async () => {
    const lowered = (enforcement: string, until: string) =>
      engine.policy(
        `packs: { registry-hardened: { enforcement: ${enforcement}, stacks: [aws-dev], reason: a trial, until: ${until} } }\n`,
      );
    await lowered('advisory', '2999-01-01');
    expect(await engine.run('aws-dev', 'up', repository)).toBeUndefined();
    const warned = engine.reports.join('\n');
    expect(warned).toContain(
      'registry-hardened, repository: imageTagMutability: expected `IMMUTABLE`; found nothing; advisory for aws-dev until 2999-01-01 by policy.yaml: a trial',
    );

    engine.reports.length = 0;
    await lowered('disabled', '2999-01-01');
    expect(await engine.run('aws-dev', 'up', repository)).toBeUndefined();
    expect(engine.reports.filter((line) => line.startsWith('policy: '))).toEqual([
      'policy: registry-hardened, tests-aws-dev: disabled for aws-dev until 2999-01-01 by policy.yaml: a trial',
    ]);

    await lowered('advisory', '2001-01-01');
    expect(refusal(await engine.run('aws-dev', 'preview', repository))).toContain('until 2001-01-01; that is over');
    await engine.policy('packs: {}\n');
  });

  it('does not run with a policy.yaml that it can not read', async () => {
    await engine.policy('packs: { registry-hardend: {} }\n');
    await expect(engine.run('aws-dev', 'preview', repository)).rejects.toMatchObject({ code: 'document-invalid' });
  });

  it('stops a deployment before its first resource; what only the update knows is rejected half-way, as by a vendor', async () => {
    await engine.policy('packs: {}\n');
    const request = { manifest: release(1), stage: 'live' as const };
    const stack = parseStack('gcp-prod');
    const known = engine.deployer(() => serviceOf('host/trireme:latest'));
    await expect(known.deploy(stack, request)).rejects.toMatchObject({ code: 'refused' });
    expect(await engine.resources('gcp-prod')).toEqual([]);
    const late = await engine.deployer(() => serviceOf('', 'trireme-prod')).deploy(stack, request);
    expect(late.outcome).toBe('rejected');
    expect(late.diagnostics.join()).toContain('image-by-digest, service: ');
    expect((await engine.resources('gcp-prod')).map((urn) => urn.split('::').at(-1))).toContain('account');
  });

  it('refuses to take a service away that nobody said may go, and does it where somebody did', async () => {
    const request = { manifest: release(1), stage: 'live' as const };
    const stack = parseStack('azure-prod');
    const image = `host/trireme@sha256:${'0'.repeat(64)}`;
    const account = 'trireme-elsewhere';
    const first = await engine.deployer(() => serviceOf(image, account)).deploy(stack, request);
    expect(first).toMatchObject({ outcome: 'applied' });
    let place = 'europe-west4';
    const moved = engine.deployer(() => serviceOf(image, account, place));
    await expect(moved.deploy(stack, request)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('azure-prod: its service on cloud-run is made anew'),
    });
    expect(await moved.deploy(stack, { ...request, mayReplace: true })).toMatchObject({ outcome: 'applied' });
    // Done, it is not asked about again; what another release would take away is.
    expect(await moved.deploy(stack, request)).toMatchObject({ outcome: 'applied' });
    place = 'us-east1';
    await expect(moved.deploy(stack, { ...request, manifest: release(2) })).rejects.toMatchObject({ code: 'refused' });
    // Nor is it the policy pack's to ask.
    const bare = engine.deployer(() => serviceOf(image, account, place), false);
    await expect(bare.deploy(stack, request)).rejects.toMatchObject({ code: 'refused' });
  });
});
