import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoScalingConfigurationVersion } from '@pulumi/aws/apprunner/autoScalingConfigurationVersion.js';
import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository } from '@pulumi/aws/ecr/repository.js';
import { RepositoryPolicy } from '@pulumi/aws/ecr/repositoryPolicy.js';
import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { Registry } from '@pulumi/azure-native/containerregistry/registry.js';
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import { Repository as Artifacts } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { secret } from '@pulumi/pulumi';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accounts } from '../../../emulator/world.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';
import { inlineStack } from './inline-stack.ts';

let clouds: AttachedClouds;
let directory: string;
let scanOnPush: boolean;
let repositoryName: string;

const statement = (service: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }] });

const programs: Readonly<Record<'aws' | 'gcp' | 'azure', PulumiFn>> = {
  async aws() {
    const repository = new Repository('images', {
      name: repositoryName,
      imageScanningConfiguration: { scanOnPush },
      tags: { team: secret('x') },
    });
    new LifecyclePolicy('lifecycle', {
      repository: repository.name,
      policy: JSON.stringify({
        rules: [
          {
            rulePriority: 1,
            selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 },
            action: { type: 'expire' },
          },
        ],
      }),
    });
    new RepositoryPolicy('policy', { repository: repository.name, policy: { Version: '2012-10-17', Statement: [] } });
    const role = new Role('pull', { assumeRolePolicy: statement('build.apprunner.amazonaws.com') });
    const attachment = { role: role.name, policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' };
    new RolePolicyAttachment('attachment', attachment);
    new RolePolicy('inline', { role: role.id, policy: '{"Statement":[]}' });
    const scaling = { autoScalingConfigurationName: 'trireme', minSize: scanOnPush ? 1 : 2 };
    new AutoScalingConfigurationVersion('scaling', scaling);
    return { url: repository.repositoryUrl, account: getCallerIdentityOutput().accountId, role: role.arn };
  },
  async gcp() {
    const repository = new Artifacts('images', {
      repositoryId: repositoryName,
      format: 'DOCKER',
      ...(scanOnPush ? { description: 'scanned' } : {}),
    });
    const account = new Account('pull', { accountId: 'trireme-pull' });
    new RepositoryIamMember('reader', {
      repository: repository.name,
      role: 'roles/artifactregistry.reader',
      member: account.member,
    });
    new IAMMember('logs', { project: accounts.gcp.project, role: 'roles/logging.logWriter', member: account.member });
    return { url: repository.registryUri, email: account.email };
  },
  async azure() {
    const group = new ResourceGroup('group', { location: 'westeurope', tags: { scan: String(scanOnPush) } });
    const registry = new Registry('images', {
      resourceGroupName: group.name,
      registryName: repositoryName,
      sku: { name: 'Basic' },
      adminUserEnabled: !scanOnPush,
    });
    const identity = new UserAssignedIdentity('pull', { resourceGroupName: group.name });
    new RoleAssignment('may-pull', {
      principalId: identity.principalId,
      principalType: 'ServicePrincipal',
      roleDefinitionId: `/subscriptions/${accounts.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d`,
      scope: registry.id,
    });
    new AppServicePlan('plan', { resourceGroupName: group.name, kind: 'linux', reserved: true, sku: { name: 'B1' } });
    return { url: registry.loginServer, clientId: identity.clientId };
  },
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-real-engine-'));
  clouds = await attachedClouds();
}, installationMilliseconds);
afterAll(async () => {
  await clouds.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  scanOnPush = true;
  repositoryName = 'trireme';
});

async function stackOf(cloud: keyof typeof programs): Promise<Stack> {
  const { debugProviders } = clouds;
  const stack = await inlineStack({ name: cloud, directory, debugProviders, program: programs[cloud] });
  await stack.setAllConfig({
    'aws:region': { value: 'eu-west-1' },
    'gcp:region': { value: 'europe-west1' },
    'gcp:project': { value: accounts.gcp.project },
  });
  return stack;
}

describe('the real engine against the emulated providers', () => {
  const expected = {
    aws: { resources: 7, replaced: 1, url: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme' },
    gcp: { resources: 4, replaced: 0, url: 'europe-west1-docker.pkg.dev/trireme-emulated/trireme' },
    azure: { resources: 5, replaced: 0, url: 'triremeemulated.azurecr.io' },
  } as const;

  it.each(['aws', 'gcp', 'azure'] as const)(
    'previews, makes, keeps, changes, refreshes and destroys: %s',
    async (cloud) => {
      const stack = await stackOf(cloud);
      // The stack is a resource of its own.
      const all = expected[cloud].resources + 1;
      const preview = await stack.preview();
      expect(preview.changeSummary).toEqual({ create: all });

      const up = await stack.up();
      expect(up.summary.resourceChanges).toEqual({ create: all });
      expect(up.outputs.url?.value).toBe(expected[cloud].url);
      if (cloud !== 'azure') expect([...clouds.repositories].join()).toContain('trireme');

      expect((await stack.up()).summary.resourceChanges).toEqual({ same: all });
      expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: all });

      scanOnPush = false;
      const changed = await stack.up();
      expect(changed.summary.resourceChanges?.replace ?? 0).toBe(expected[cloud].replaced);
      expect(changed.summary.resourceChanges?.update ?? 0).toBeGreaterThan(0);
      expect((await stack.preview()).changeSummary).toEqual({ same: all });

      await stack.destroy();
      expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
      expect([...clouds.repositories].filter((one) => one.startsWith(cloud))).toEqual([]);
    },
  );

  it('fails with the vendor’s words, keeps what was made, and goes on when the reason is gone', async () => {
    const stack = await stackOf('aws');
    await clouds.create('aws:ecr/repository:Repository', { name: 'taken' });
    repositoryName = 'taken';
    await expect(stack.up()).rejects.toThrow(/RepositoryAlreadyExistsException/);
    repositoryName = 'trireme';
    expect((await stack.up()).summary.result).toBe('succeeded');
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 8 });
    await clouds.client('aws:').delete('aws:ecr/lifecyclePolicy:LifecyclePolicy', 'trireme', {});
    expect((await stack.refresh()).summary.resourceChanges).toMatchObject({ delete: 1 });
    expect((await stack.up()).summary.resourceChanges).toMatchObject({ create: 1 });
    await stack.destroy();
  });

  it('refuses what a cast let through, before anything is made', async () => {
    const stack = await stackOf('gcp');
    stack.workspace.program = async () => {
      const dockerConfig = { immutabletags: true } as never;
      new Artifacts('images', { repositoryId: 'trireme', format: 'DOCKER', dockerConfig });
    };
    await expect(stack.preview()).rejects.toThrow(/dockerConfig\.immutabletags.*did you mean `immutableTags`/s);
  });
});
