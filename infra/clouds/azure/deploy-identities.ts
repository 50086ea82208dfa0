// Who deploys to Azure without anybody's password: one identity per purpose in its environment's subscription, which jobs on GitHub may become it, and what it may do.
import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { RoleDefinition } from '@pulumi/azure-native/authorization/roleDefinition.js';
import { FederatedIdentityCredential } from '@pulumi/azure-native/managedidentity/federatedIdentityCredential.js';
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import type { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { type ComponentResource, interpolate, type Output, output } from '@pulumi/pulumi';
import { type DeployIdentity, deployIdentities, type TrustedRepository } from '../../contract/service.ts';
import type { Environment } from '../../contract/stack.ts';
import { environmentOf } from '../grants.ts';
import { project } from '../names.ts';
import type { EnvironmentPlace } from './environment-groups.ts';
import type { AzureGrant } from './grant-list.ts';
import { assignmentCondition, permissionsOf, stateCondition } from './grants.ts';
import { subscriptionOf } from './role.ts';
import { federatedCredentials } from './trust.ts';

type Where = AzureGrant['where'];

export interface DeployerNeeds {
  readonly parent: ComponentResource;
  readonly github: TrustedRepository;
  readonly places: Readonly<Record<Environment, EnvironmentPlace>>;
  /** The foundation's own. */
  readonly group: ResourceGroup;
  /** Ends the roles' names: they are their directory's. */
  readonly suffix: Output<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly registryId: Output<string>;
  readonly pullIdentityId: Output<string>;
  /** Absent where Pulumi's state is somewhere else. */
  readonly stateContainerId: Output<string> | undefined;
}

/** The client id of each identity, known once it can be used. */
export function createDeployIdentities(needs: DeployerNeeds): Readonly<Record<string, Output<string>>> {
  return Object.fromEntries(deployIdentities.map((name) => [`client.${name}`, createIdentity(name, needs)]));
}

function createIdentity(name: DeployIdentity, needs: DeployerNeeds): Output<string> {
  const { tags, places } = needs;
  const { identities, options } = places[environmentOf(name)];
  const identity = new UserAssignedIdentity(
    name,
    { resourceGroupName: identities.name, resourceName: `${project}-${name}`, tags },
    options,
  );
  const credentials = trust(name, identity, needs);
  const rights = scopesOf(name, needs).flatMap((scope) => allowActions(name, scope, identity, needs));
  return output([identity.clientId, ...[...credentials, ...rights].map((one) => one.id)]).apply(([id]) => id ?? '');
}

/** Each after the one before: Azure takes one write at a time on one identity. */
function trust(
  name: DeployIdentity,
  identity: UserAssignedIdentity,
  { github, places }: DeployerNeeds,
): FederatedIdentityCredential[] {
  const { identities, options } = places[environmentOf(name)];
  const made: FederatedIdentityCredential[] = [];
  for (const { name: credential, issuer, subject, audiences } of federatedCredentials(name, github)) {
    made.push(
      new FederatedIdentityCredential(
        `${name}-${credential}`,
        {
          resourceGroupName: identities.name,
          resourceName: identity.name,
          federatedIdentityCredentialResourceName: credential,
          ...{ issuer, subject, audiences: [...audiences] },
        },
        { ...options, dependsOn: made.slice(-1) },
      ),
    );
  }
  return made;
}

interface Scope {
  readonly where: Where;
  /** What the actions are allowed on. */
  readonly on: Output<string>;
  /** Where the role itself is kept: a subscription or a group, never a single resource. */
  readonly keptIn: Output<string>;
  readonly condition?: string;
}

function scopesOf(name: DeployIdentity, needs: DeployerNeeds): Scope[] {
  const { services } = needs.places[environmentOf(name)];
  const subscription = interpolate`/subscriptions/${services.id.apply(subscriptionOf)}`;
  // Who only looks sees the foundation's own resources too, which are of the same kinds.
  const environment = name === 'plan' ? subscription : services.id;
  const shared = (where: Where, on: Output<string>) => ({ where, on, keptIn: needs.group.id });
  return [
    {
      ...{ where: 'environment', on: environment, keptIn: environment },
      ...(name === 'plan' ? {} : { condition: assignmentCondition }),
    },
    { where: 'subscription', on: subscription, keptIn: subscription },
    shared('registry', needs.registryId),
    shared('pull-identity', needs.pullIdentityId),
    ...(needs.stateContainerId === undefined
      ? []
      : [{ ...shared('state', needs.stateContainerId), condition: stateCondition(name) }]),
  ];
}

/** A role of exactly the listed actions, and its assignment; nothing where there are none. */
function allowActions(
  name: DeployIdentity,
  { where, on, keptIn, condition }: Scope,
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
        ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
      },
      { parent },
    ),
  ];
}
