// The emulated Azure subscription as its own resources see each other: resource ids, groups, identities, who may pull from a registry.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext } from '../engine/resource-model.ts';
import type { EmulatedRegistry } from '../world.ts';
import { accounts } from '../world.ts';
import { Shelf } from './stored-resource.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers#acrpull */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';

export class AzureSubscription {
  readonly id = accounts.azure.subscriptionId;
  readonly tenantId = accounts.azure.tenantId;
  readonly registry: EmulatedRegistry;
  readonly groups = new Shelf();
  readonly registries = new Shelf();
  readonly identities = new Shelf();
  readonly roleAssignments = new Shelf();
  readonly plans = new Shelf();

  constructor(registry: EmulatedRegistry) {
    this.registry = registry;
  }

  groupId(name: string): string {
    return `/subscriptions/${this.id}/resourceGroups/${name}`;
  }

  /** @param type `Microsoft.Web/serverfarms` */
  resourceId(inputs: Properties, type: string, name: string): string {
    return `${this.groupId(text(inputs, 'resourceGroupName') ?? '')}/providers/${type}/${name}`;
  }

  /** The resource's own location, else the provider's, else its group's. @throws CloudRefusal when the group does not exist. */
  location(inputs: Properties, { config }: Pick<ResourceContext, 'config'>): string {
    const name = text(inputs, 'resourceGroupName') ?? '';
    const group = this.groups.get(this.groupId(name));
    if (group === undefined) {
      throw new CloudRefusal(
        `Status=404 Code="ResourceGroupNotFound" Message="Resource group '${name}' could not be found."`,
      );
    }
    return text(inputs, 'location') ?? text(config, 'location') ?? text(group.inputs, 'location') ?? '';
  }

  identity(id: string): Properties | undefined {
    return this.identities.find((one) => text(one, 'id')?.toLowerCase() === id.toLowerCase());
  }

  /** Does the identity, named by its client id, hold AcrPull on the registry at that host, or on anything above it? */
  mayPull(clientId: string | undefined, host: string): boolean {
    const registry = this.registries.find((one) => one.loginServer === host);
    const identity = clientId === undefined ? undefined : this.identities.find((one) => one.clientId === clientId);
    const registryId = text(registry, 'id')?.toLowerCase();
    if (registryId === undefined || identity === undefined) return false;
    const assignment = this.roleAssignments.find(
      (one) =>
        one.principalId === identity.principalId &&
        (text(one, 'roleDefinitionId') ?? '').toLowerCase().endsWith(`/${acrPull}`) &&
        covers((text(one, 'scope') ?? '').toLowerCase(), registryId),
    );
    return assignment !== undefined;
  }

  /** `resourceGroupName` and the rest of what every answer of this cloud carries. */
  common(type: string, name: string): Properties {
    return { type, name, azureApiVersion: 'emulated' };
  }
}

function covers(scope: string, id: string): boolean {
  return id === scope || id.startsWith(`${scope}/`);
}
