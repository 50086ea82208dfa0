// What Azure needs once: the registry, and the identity App Service pulls from it with.
import { createHash } from 'node:crypto';
import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { Registry } from '@pulumi/azure-native/containerregistry/registry.js';
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output, output } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { project } from '../names.ts';

export class AzureFoundation extends ComponentResource {
  readonly repository: Output<string>;
  readonly pullIdentity: Output<string>;
  readonly details: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly group: ResourceGroup;
    readonly registry: Registry;
    readonly identity: UserAssignedIdentity;
    readonly pull: RoleAssignment;
  };

  constructor(name: string, config: FoundationConfig, options?: ComponentResourceOptions) {
    super('trireme:azure:Foundation', name, {}, options);
    const group = createGroup(this, config);
    const subscription = group.id.apply(subscriptionOf);
    const registry = createRegistry(this, group, subscription);
    const identity = createIdentity(this, group);
    const pull = allowPull(this, { registry, identity, subscription });

    this.nodes = { group, registry, identity, pull };
    this.repository = interpolate`${registry.loginServer}/${project}`;
    this.pullIdentity = output([identity.id, pull.id]).apply(([id]) => id ?? '');
    this.details = output([identity.clientId, subscription]).apply(
      ([pullIdentityClientId = '', id = '']): Record<string, string> => ({
        pullIdentityClientId,
        subscription: id,
        nameSuffix: suffixFor(id),
      }),
    );
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }
}

/** Names of registries and sites are global: each subscription gets its own, and always the same. */
export function suffixFor(subscription: string): string {
  return createHash('sha256').update(subscription).digest('hex').slice(0, 8);
}

/** @param groupId `/subscriptions/<subscription>/resourceGroups/<name>` */
function subscriptionOf(groupId: string): string {
  return groupId.split('/')[2] ?? '';
}

function createGroup(parent: ComponentResource, config: FoundationConfig): ResourceGroup {
  return new ResourceGroup(
    'group',
    { resourceGroupName: `${project}-foundation`, location: config.region },
    { parent },
  );
}

function createRegistry(parent: ComponentResource, group: ResourceGroup, subscription: Output<string>): Registry {
  return new Registry(
    'registry',
    {
      resourceGroupName: group.name,
      registryName: interpolate`${project}${subscription.apply(suffixFor)}`,
      sku: { name: 'Basic' },
      // Nobody shares a password: people and machines log in as themselves.
      adminUserEnabled: false,
    },
    { parent },
  );
}

/** User-assigned, because it must exist before the site and be the same for the site and its slot. */
function createIdentity(parent: ComponentResource, group: ResourceGroup): UserAssignedIdentity {
  return new UserAssignedIdentity(
    'pull-identity',
    { resourceGroupName: group.name, resourceName: `${project}-pull` },
    { parent },
  );
}

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers#acrpull */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';

function allowPull(
  parent: ComponentResource,
  grant: { registry: Registry; identity: UserAssignedIdentity; subscription: Output<string> },
): RoleAssignment {
  return new RoleAssignment(
    'pull-identity-reader',
    {
      scope: grant.registry.id,
      principalId: grant.identity.principalId,
      // Without it the assignment fails while the directory still replicates the new identity.
      principalType: 'ServicePrincipal',
      roleDefinitionId: interpolate`/subscriptions/${grant.subscription}/providers/Microsoft.Authorization/roleDefinitions/${acrPull}`,
    },
    { parent },
  );
}
