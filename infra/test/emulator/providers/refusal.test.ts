import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { accounts } from '../../../emulator/world.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeEach(async () => {
  clouds = await attachedClouds();
});
afterEach(() => clouds.stop());

const type = {
  repository: 'aws:ecr/repository:Repository',
  lifecycle: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
  role: 'aws:iam/role:Role',
  attachment: 'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
  scaling: 'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion',
  artifacts: 'gcp:artifactregistry/repository:Repository',
  account: 'gcp:serviceaccount/account:Account',
  member: 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember',
  invoker: 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
  group: 'azure-native:resources:ResourceGroup',
  registry: 'azure-native:containerregistry:Registry',
  identity: 'azure-native:managedidentity:UserAssignedIdentity',
  assignment: 'azure-native:authorization:RoleAssignment',
} as const;
const trust = (service: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }] });
const acrPull = `/subscriptions/${accounts.azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d`;

describe('creating what exists', () => {
  const cases: readonly [string, Properties, RegExp][] = [
    [type.repository, { name: 'trireme' }, /RepositoryAlreadyExistsException: The repository with name 'trireme'/],
    [
      type.role,
      { name: 'pull', assumeRolePolicy: trust('build.apprunner.amazonaws.com') },
      /EntityAlreadyExists: Role with name pull/,
    ],
    [type.artifacts, { repositoryId: 'trireme', format: 'DOCKER' }, /Error 409: the repository already exists/],
    [
      type.account,
      { accountId: 'trireme-pull' },
      /Error 409: Service account trireme-pull already exists within project/,
    ],
    [
      type.group,
      { resourceGroupName: 'rg', location: 'westeurope' },
      /cannot create already existing resource '\/subscriptions\/.*\/resourceGroups\/rg'/,
    ],
  ];
  it.each(cases)('is refused in the vendor’s words: %s', async (one, inputs, words) => {
    await clouds.create(one, inputs);
    await expect(clouds.create(one, inputs)).rejects.toThrow(words);
  });

  it('is allowed again once it was deleted', async () => {
    const { id } = await clouds.create(type.repository, { name: 'trireme' });
    expect([...clouds.repositories]).toEqual(['aws trireme']);
    await clouds.client(type.repository).delete(type.repository, id, { name: 'trireme' });
    expect([...clouds.repositories]).toEqual([]);
    await clouds.client(type.repository).delete(type.repository, id, { name: 'trireme' });
    await clouds.create(type.repository, { name: 'trireme' });
  });
});

describe('leaning on what does not exist', () => {
  const cases: readonly [string, Properties, RegExp][] = [
    [type.lifecycle, { repository: 'none', policy: `{"rules":[]${' '.repeat(100)}}` }, /RepositoryNotFoundException/],
    [
      type.attachment,
      { role: 'none', policyArn: 'arn:aws:iam::aws:policy/A' },
      /NoSuchEntity: The role with name none/,
    ],
    [
      type.member,
      { repository: 'none', role: 'roles/artifactregistry.reader', member: 'allUsers' },
      /Error 404: Resource 'none' was not found/,
    ],
    [
      type.invoker,
      { name: 'none', role: 'roles/run.invoker', member: 'allUsers' },
      /Error 404: Resource 'none' was not found/,
    ],
    [
      type.registry,
      { resourceGroupName: 'none', registryName: 'trireme', sku: { name: 'Basic' } },
      /ResourceGroupNotFound/,
    ],
    [
      type.assignment,
      { principalId: 'none', roleDefinitionId: acrPull, scope: '/subscriptions/s', principalType: 'ServicePrincipal' },
      /PrincipalNotFound/,
    ],
  ];
  it.each(cases)('is refused: %s', async (one, inputs, words) => {
    await expect(clouds.create(one, inputs)).rejects.toThrow(words);
  });

  it('is refused for a service account that no longer exists', async () => {
    await clouds.create(type.artifacts, { repositoryId: 'trireme', format: 'DOCKER' });
    const { id, outputs } = await clouds.create(type.account, { accountId: 'trireme-pull' });
    const grant = { repository: 'trireme', role: 'roles/artifactregistry.reader', member: String(outputs.member) };
    await clouds.create(type.member, grant);
    await clouds.client(type.account).delete(type.account, id, { accountId: 'trireme-pull' });
    await expect(clouds.create(type.member, { ...grant, role: 'roles/artifactregistry.writer' })).rejects.toThrow(
      /Service account .* does not exist/,
    );
  });
});

describe('deleting what is still needed', () => {
  it('is refused for a repository with images, unless it says so', async () => {
    const { id } = await clouds.create(type.repository, { name: 'trireme' });
    clouds.pushed.add('trireme');
    await expect(clouds.client(type.repository).delete(type.repository, id, { name: 'trireme' })).rejects.toThrow(
      /RepositoryNotEmptyException/,
    );
    await clouds.client(type.repository).update(type.repository, id, {}, { name: 'trireme', forceDelete: true });
    await clouds.client(type.repository).delete(type.repository, id, { name: 'trireme', forceDelete: true });
    expect([...clouds.repositories]).toEqual([]);
  });

  it('is refused for a role with a policy attached', async () => {
    const { id } = await clouds.create(type.role, { name: 'pull', assumeRolePolicy: trust('x.amazonaws.com') });
    await clouds.create(type.attachment, { role: 'pull', policyArn: 'arn:aws:iam::aws:policy/A' });
    await expect(clouds.client(type.role).delete(type.role, id, {})).rejects.toThrow(/DeleteConflict/);
  });
});

describe('what a real cloud would not do twice', () => {
  it('a role assignment of the same identity, role and scope', async () => {
    await clouds.create(type.group, { resourceGroupName: 'rg', location: 'westeurope' });
    const { outputs } = await clouds.create(type.identity, { resourceGroupName: 'rg', resourceName: 'pull' });
    const assignment = {
      principalId: String(outputs.principalId),
      roleDefinitionId: acrPull,
      scope: '/subscriptions/s',
    };
    await clouds.create(type.assignment, { ...assignment, roleAssignmentName: '00000000-0000-4000-8000-00000000000a' });
    await expect(
      clouds.create(type.assignment, { ...assignment, roleAssignmentName: '00000000-0000-4000-8000-00000000000b' }),
    ).rejects.toThrow(/RoleAssignmentExists/);
  });

  it('but an auto scaling configuration’s name makes another revision', async () => {
    const first = await clouds.create(type.scaling, { autoScalingConfigurationName: 'trireme', maxSize: 2 });
    const second = await clouds.create(type.scaling, { autoScalingConfigurationName: 'trireme', maxSize: 3 });
    expect([first, second].map(({ outputs }) => outputs.autoScalingConfigurationRevision)).toEqual([1, 2]);
    expect(second.id).toMatch(/autoscalingconfiguration\/trireme\/2\//);
    await clouds.client(type.scaling).delete(type.scaling, first.id, {});
    expect((await clouds.client(type.scaling).read(type.scaling, first.id, {})).id).toBe('');
  });
});
