// Who deploys to Azure without anybody's password: one identity per purpose, which jobs on GitHub may become it, and what it may do.
import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { RoleDefinition } from '@pulumi/azure-native/authorization/roleDefinition.js';
import { FederatedIdentityCredential } from '@pulumi/azure-native/managedidentity/federatedIdentityCredential.js';
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import type { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { type ComponentResource, interpolate, type Output, output } from '@pulumi/pulumi';
import {
  type DeployIdentity,
  deployIdentities,
  type FoundationConfig,
  type TrustedRepository,
} from '../../contract/service.ts';
import { environmentOf } from '../grants.ts';
import { project } from '../names.ts';
import type { AzureGrant } from './grant-list.ts';
import { assignmentCondition, permissionsOf } from './grants.ts';
import { allow } from './role.ts';
import { federatedCredentials } from './trust.ts';

type Where = AzureGrant['where'];

export interface DeployerNeeds {
  readonly parent: ComponentResource;
  readonly group: ResourceGroup;
  /** The subscription the foundation lives in. */
  readonly subscription: Output<string>;
  /** Ends the roles' names: they are their directory's. */
  readonly suffix: Output<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly registryId: Output<string>;
  readonly pullIdentityId: Output<string>;
  /** Absent where Pulumi's state is somewhere else. */
  readonly stateAccountId: Output<string> | undefined;
}

/** The client id of each identity, known once it can be used; none without a trusted repository. */
export function createDeployIdentities(
  config: FoundationConfig,
  needs: DeployerNeeds,
): Readonly<Partial<Record<DeployIdentity, Output<string>>>> {
  const { github } = config;
  if (github === undefined) return {};
  return Object.fromEntries(deployIdentities.map((name) => [name, createIdentity(name, config, github, needs)]));
}

function createIdentity(
  name: DeployIdentity,
  config: FoundationConfig,
  github: TrustedRepository,
  needs: DeployerNeeds,
): Output<string> {
  const { parent, group, tags } = needs;
  const identity = new UserAssignedIdentity(
    name,
    { resourceGroupName: group.name, resourceName: `${project}-${name}`, tags },
    { parent },
  );
  const credentials = trust(name, github, identity, needs);
  const rights = [
    ...scopesOf(name, config, needs).flatMap((scope) => allowActions(name, scope, identity, needs)),
    ...allowPullIdentity(name, config, identity, needs),
  ];
  return output([identity.clientId, ...[...credentials, ...rights].map((one) => one.id)]).apply(([id]) => id ?? '');
}

/** Each after the one before: Azure takes one write at a time on one identity. */
function trust(
  name: DeployIdentity,
  github: TrustedRepository,
  identity: UserAssignedIdentity,
  { parent, group }: DeployerNeeds,
): FederatedIdentityCredential[] {
  const made: FederatedIdentityCredential[] = [];
  for (const { name: credential, issuer, subject, audiences } of federatedCredentials(name, github)) {
    made.push(
      new FederatedIdentityCredential(
        `${name}-${credential}`,
        {
          resourceGroupName: group.name,
          resourceName: identity.name,
          federatedIdentityCredentialResourceName: credential,
          ...{ issuer, subject, audiences: [...audiences] },
        },
        { parent, dependsOn: made.slice(-1) },
      ),
    );
  }
  return made;
}

/** A site in another subscription is given the foundation's pull identity too, where the deployer has no other right. */
function allowPullIdentity(
  name: DeployIdentity,
  { accounts }: FoundationConfig,
  identity: UserAssignedIdentity,
  { parent, pullIdentityId }: DeployerNeeds,
): RoleAssignment[] {
  if (name === 'plan' || accounts[environmentOf(name)] === undefined) return [];
  const grant = { identity, role: 'managedIdentityOperator', scope: pullIdentityId } as const;
  return [allow(`${name}-pull-identity`, grant, { parent })];
}

interface Scope {
  readonly where: Where;
  /** What the actions are allowed on. */
  readonly on: Output<string>;
  /** Where the role itself is kept: a subscription or a group, never a single resource. */
  readonly keptIn: Output<string>;
}

function scopesOf(name: DeployIdentity, { accounts }: FoundationConfig, needs: DeployerNeeds): Scope[] {
  const own = accounts[environmentOf(name)];
  const subscription = interpolate`/subscriptions/${own ?? needs.subscription}`;
  return [
    { where: 'subscription', on: subscription, keptIn: subscription },
    { where: 'registry', on: needs.registryId, keptIn: needs.group.id },
    ...(needs.stateAccountId === undefined
      ? []
      : [{ where: 'state-account' as const, on: needs.stateAccountId, keptIn: needs.group.id }]),
  ];
}

/** A role of exactly the listed actions, and its assignment; nothing where there are none. */
function allowActions(
  name: DeployIdentity,
  { where, on, keptIn }: Scope,
  identity: UserAssignedIdentity,
  { parent, suffix }: DeployerNeeds,
): RoleAssignment[] {
  const { actions, dataActions } = permissionsOf(name, where);
  if (actions.length === 0 && dataActions.length === 0) return [];
  const role = new RoleDefinition(
    `${name}-${where}`,
    {
      roleName: interpolate`${project}-${name}-${where}-${suffix}`,
      description: `What ${name} of ${project} needs, and no more.`,
      roleType: 'CustomRole',
      scope: keptIn,
      assignableScopes: [keptIn],
      permissions: [{ actions: [...actions], dataActions: [...dataActions], notActions: [], notDataActions: [] }],
    },
    { parent },
  );
  return [
    new RoleAssignment(
      `${name}-${where}`,
      {
        scope: on,
        principalId: identity.principalId,
        principalType: 'ServicePrincipal',
        roleDefinitionId: role.id,
        ...(actions.includes('Microsoft.Authorization/roleAssignments/write')
          ? { condition: assignmentCondition, conditionVersion: '2.0' }
          : {}),
      },
      { parent },
    ),
  ];
}
