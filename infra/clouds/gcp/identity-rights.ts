// What each deploy identity may do, as custom roles bound where they are needed: its project, one account, the images, its own state.
import type { Repository } from '@pulumi/gcp/artifactregistry/repository.js';
import { RepositoryIamMember } from '@pulumi/gcp/artifactregistry/repositoryIamMember.js';
import { IAMCustomRole } from '@pulumi/gcp/projects/iamcustomRole.js';
import { IAMMember as ProjectMember } from '@pulumi/gcp/projects/iammember.js';
import type { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { IAMMember as AccountMember } from '@pulumi/gcp/serviceaccount/iammember.js';
import type { Bucket } from '@pulumi/gcp/storage/bucket.js';
import { BucketIAMMember } from '@pulumi/gcp/storage/bucketIAMMember.js';
import { type ComponentResource, type Input, output } from '@pulumi/pulumi';
import type { DeployIdentity, FoundationConfig } from '../../contract/service.ts';
import { type Environment, environments } from '../../contract/stack.ts';
import { environmentOf } from '../grants.ts';
import { project } from '../names.ts';
import type { GcpGrant } from './grant-list.ts';
import { permissionsOf, projectCondition, stateCondition } from './grants.ts';

export interface Rights {
  readonly config: FoundationConfig;
  readonly home: Input<string>;
  readonly repository: Repository;
  readonly stateBucket: Bucket | undefined;
  readonly runtimeAccounts: Readonly<Record<Environment, Account>>;
}

interface Granting {
  readonly parent: ComponentResource;
  readonly identity: DeployIdentity;
  readonly member: Input<string>;
}

export function allowEverything(
  parent: ComponentResource,
  identity: DeployIdentity,
  account: Account,
  { config, home, repository, stateBucket, runtimeAccounts }: Rights,
): void {
  const granting = { parent, identity, member: account.member };
  for (const { target, suffix } of targetsOf(identity, config)) allowProject(granting, target ?? home, suffix);
  allowRuntimeAccount(granting, runtimeAccounts[environmentOf(identity)]);
  allowRepository(granting, repository, home);
  if (stateBucket !== undefined) {
    for (const where of ['state-bucket', 'state-common'] as const) allowState(granting, where, stateBucket, home);
  }
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

function allowProject({ parent, identity, member }: Granting, target: Input<string>, suffix: string): void {
  const role = createRole(parent, `${identity}-role${suffix}`, identity, 'project', target);
  if (role === undefined) return;
  const condition = output(target).apply((id) => projectCondition(identity, id));
  new ProjectMember(
    `${identity}-project${suffix}`,
    { project: target, role: role.name, member, condition },
    { parent },
  );
}

/** https://cloud.google.com/iam/docs/service-account-permissions#user-role: on one account, never in the project. */
function allowRuntimeAccount({ parent, identity, member }: Granting, account: Account): void {
  const role = createRole(parent, `${identity}-runtime-role`, identity, 'runtime-account', account.project);
  if (role === undefined) return;
  new AccountMember(`${identity}-runtime`, { serviceAccountId: account.name, role: role.name, member }, { parent });
}

function allowRepository({ parent, identity, member }: Granting, repository: Repository, home: Input<string>): void {
  const role = createRole(parent, `${identity}-repository-role`, identity, 'repository', home);
  if (role === undefined) return;
  const { repositoryId, location, project: of } = repository;
  new RepositoryIamMember(
    `${identity}-repository`,
    { repository: repositoryId, location, project: of, role: role.name, member },
    { parent },
  );
}

function allowState(
  { parent, identity, member }: Granting,
  where: 'state-bucket' | 'state-common',
  stateBucket: Bucket,
  home: Input<string>,
): void {
  const name = `${identity}-${where === 'state-bucket' ? 'state' : where}`;
  const role = createRole(parent, `${name}-role`, identity, where, home);
  if (role === undefined) return;
  const condition = stateBucket.name.apply((bucket) => stateCondition(identity, where, bucket));
  new BucketIAMMember(name, { bucket: stateBucket.name, role: role.name, member, condition }, { parent });
}

/** Letters, digits, dots and underscores only: https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create */
export function roleId(identity: DeployIdentity, where: GcpGrant['where']): string {
  return `${project}_${identity}_${where}`.replaceAll('-', '_');
}

function createRole(
  parent: ComponentResource,
  name: string,
  identity: DeployIdentity,
  where: GcpGrant['where'],
  home: Input<string>,
): IAMCustomRole | undefined {
  const permissions = permissionsOf(identity, where);
  if (permissions.length === 0) return undefined;
  const id = roleId(identity, where);
  return new IAMCustomRole(
    name,
    { roleId: id, project: home, title: id, stage: 'GA', permissions: [...permissions] },
    { parent },
  );
}
