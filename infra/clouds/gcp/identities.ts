// Who deploys from GitHub: a pool that takes GitHub's tokens, and one service account per identity with a role that lists what it may do.
import { randomBytes } from 'node:crypto';
import type { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { WorkloadIdentityPool } from '@pulumi/gcp/iam/workloadIdentityPool.js';
import { WorkloadIdentityPoolProvider } from '@pulumi/gcp/iam/workloadIdentityPoolProvider.js';
import { IAMCustomRole } from '@pulumi/gcp/projects/iamcustomRole.js';
import { IAMMember as ProjectMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { IAMMember as AccountMember } from '@pulumi/gcp/serviceaccount/iammember.js';
import type { Bucket } from '@pulumi/gcp/storage/bucket.js';
import { BucketIAMMember } from '@pulumi/gcp/storage/bucketIAMMember.js';
import type { ComponentResource, Input, Output, Resource } from '@pulumi/pulumi';
import {
  type DeployIdentity,
  deployIdentities,
  type FoundationConfig,
  type TrustedRepository,
} from '../../contract/service.ts';
import { environments } from '../../contract/stack.ts';
import { environmentOf } from '../grants.ts';
import { project } from '../names.ts';
import { issuer } from '../trust.ts';
import { permissionsOf, projectCondition } from './grants.ts';
import { attributeCondition, attributeMapping, principals } from './trust.ts';

export interface Identities {
  readonly pool: WorkloadIdentityPool;
  readonly provider: WorkloadIdentityPoolProvider;
  readonly accounts: Readonly<Record<DeployIdentity, Account>>;
}

export interface Trusting {
  readonly config: FoundationConfig;
  readonly github: TrustedRepository;
  readonly home: Input<string>;
  readonly repository: Repository;
  readonly stateBucket: Bucket | undefined;
  readonly apis: readonly Resource[];
}

export function createIdentities(parent: ComponentResource, trusting: Trusting): Identities {
  const { github, apis } = trusting;
  const pool = createPool(parent, apis);
  const provider = new WorkloadIdentityPoolProvider(
    'github-provider',
    {
      workloadIdentityPoolId: pool.workloadIdentityPoolId,
      workloadIdentityPoolProviderId: 'github',
      displayName: 'GitHub Actions',
      attributeMapping: { ...attributeMapping },
      attributeCondition: attributeCondition(github),
      // Left out, the one audience is the provider's own name: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#Oidc
      oidc: { issuerUri: issuer },
    },
    { parent },
  );
  const accounts = Object.fromEntries(
    deployIdentities.map((identity) => [identity, createIdentity(parent, identity, trusting, pool.name)]),
  ) as Record<DeployIdentity, Account>;
  return { pool, provider, accounts };
}

/**
 * A deleted pool keeps its id for 30 days, and the provider can't take it back: the id ends in something that is new each time the pool is,
 * and stays as long as it does. https://github.com/hashicorp/terraform-provider-google/issues/14191
 */
function createPool(parent: ComponentResource, apis: readonly Resource[]): WorkloadIdentityPool {
  return new WorkloadIdentityPool(
    'github-pool',
    {
      workloadIdentityPoolId: `${project}-${randomBytes(3).toString('hex')}`,
      displayName: 'GitHub Actions',
      description: 'Tokens of the one repository that may deploy',
    },
    { parent, dependsOn: [...apis], ignoreChanges: ['workloadIdentityPoolId'] },
  );
}

/** @param pool `projects/<number>/locations/global/workloadIdentityPools/<id>` */
function createIdentity(
  parent: ComponentResource,
  identity: DeployIdentity,
  { config, github, home, repository, stateBucket, apis }: Trusting,
  pool: Output<string>,
): Account {
  const account = new Account(
    identity,
    { accountId: `${project}-${identity}`, displayName: descriptions[identity] },
    { parent, dependsOn: [...apis] },
  );
  principals(identity, github, '').forEach((_, index) => {
    new AccountMember(
      index === 0 ? `${identity}-github` : `${identity}-github-${index + 1}`,
      {
        serviceAccountId: account.name,
        role: 'roles/iam.workloadIdentityUser',
        member: pool.apply((name) => principals(identity, github, name)[index] ?? ''),
      },
      { parent },
    );
  });
  for (const { target, suffix } of targetsOf(identity, config)) {
    allowProject(parent, identity, { account, project: target ?? home, suffix });
  }
  const onRepository = createRole(parent, `${identity}-repository-role`, permissionsOf(identity, 'repository'), {
    roleId: roleId(identity, 'repository'),
    project: home,
  });
  if (onRepository !== undefined) {
    new RepositoryIamMember(
      `${identity}-repository`,
      {
        repository: repository.repositoryId,
        location: repository.location,
        project: repository.project,
        role: onRepository.name,
        member: account.member,
      },
      { parent },
    );
  }
  if (stateBucket !== undefined) allowState(parent, identity, { account, stateBucket, home });
  return account;
}

/**
 * The projects an identity is about, in one of which it deploys: that of its environment; those of all of them for who only looks.
 * @returns `target` undefined for the foundation's own project
 */
export function targetsOf(
  identity: DeployIdentity,
  { accounts }: Pick<FoundationConfig, 'accounts'>,
): readonly { readonly target: string | undefined; readonly suffix: string }[] {
  const about = identity === 'plan' ? environments : [environmentOf(identity)];
  const projects = [...new Set(about.map((environment) => accounts[environment]))];
  return projects.map((target, index) => ({ target, suffix: index === 0 ? '' : `-${index + 1}` }));
}

function allowProject(
  parent: ComponentResource,
  identity: DeployIdentity,
  { account, project: target, suffix }: { account: Account; project: Input<string>; suffix: string },
): void {
  const role = createRole(parent, `${identity}-role${suffix}`, permissionsOf(identity, 'project'), {
    roleId: roleId(identity, 'project'),
    project: target,
  });
  if (role === undefined) return;
  new ProjectMember(
    `${identity}-project${suffix}`,
    { project: target, role: role.name, member: account.member, condition: projectCondition(identity) },
    { parent },
  );
}

function allowState(
  parent: ComponentResource,
  identity: DeployIdentity,
  { account, stateBucket, home }: { account: Account; stateBucket: Bucket; home: Input<string> },
): void {
  const role = createRole(parent, `${identity}-state-role`, permissionsOf(identity, 'state-bucket'), {
    roleId: roleId(identity, 'state-bucket'),
    project: home,
  });
  if (role === undefined) return;
  new BucketIAMMember(
    `${identity}-state`,
    { bucket: stateBucket.name, role: role.name, member: account.member },
    { parent },
  );
}

const descriptions: Readonly<Record<DeployIdentity, string>> = {
  'deploy-dev': 'Deploys to dev from GitHub',
  'deploy-prod': 'Deploys to prod from GitHub',
  plan: 'Previews and looks for drift from GitHub; changes nothing',
};

/** Letters, digits, dots and underscores only: https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create */
export function roleId(identity: DeployIdentity, where: string): string {
  return `${project}_${identity}_${where}`.replaceAll('-', '_');
}

function createRole(
  parent: ComponentResource,
  name: string,
  permissions: readonly string[],
  { roleId: id, project: home }: { readonly roleId: string; readonly project: Input<string> },
): IAMCustomRole | undefined {
  if (permissions.length === 0) return undefined;
  return new IAMCustomRole(
    name,
    { roleId: id, project: home, title: id, stage: 'GA', permissions: [...permissions] },
    { parent },
  );
}
