// The emulated Azure subscription as its own resources see each other: resource ids, groups, identities, who may pull from a registry.
import { createHash } from 'node:crypto';
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext } from '../engine/resource-model.ts';
import type { EmulatedRegistry } from '../world.ts';
import { accounts } from '../world.ts';
import { Shelf } from './stored-resource.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers#acrpull */
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d';

/** What all subscriptions of a directory have in common, by ids that say whose each is. */
export class AzureDirectory {
  readonly groups = new Shelf();
  readonly registries = new Shelf();
  readonly roleDefinitions = new Shelf();
  readonly roleAssignments = new Shelf();
  readonly plans = new Shelf();
  /** Names of key vaults that were deleted and not purged, in small letters. */
  readonly deletedVaults = new Set<string>();
  /** Host name bindings that have a certificate, by id: its thumbprint. */
  readonly secured = new Map<string, string>();
  readonly shelves = new Map<string, Shelf>();
  /** Names that nobody else in the world may have: `<kind> <name>` to who has it. */
  readonly names = new Map<string, string>();
}

export class AzureSubscription {
  readonly id: string;
  readonly tenantId = accounts.azure.tenantId;
  readonly registry: EmulatedRegistry;
  /** What a domain's owner writes into its zone. */
  readonly verificationId: string;
  readonly groups: Shelf;
  readonly registries: Shelf;
  readonly roleDefinitions: Shelf;
  readonly roleAssignments: Shelf;
  readonly plans: Shelf;
  readonly deletedVaults: Set<string>;
  readonly secured: Map<string, string>;
  readonly #directory: AzureDirectory;

  constructor(registry: EmulatedRegistry, directory: AzureDirectory, id: string = accounts.azure.subscriptionId) {
    this.id = id;
    this.registry = registry;
    this.verificationId = createHash('sha256').update(id).digest('hex').toUpperCase();
    this.#directory = directory;
    this.groups = directory.groups;
    this.registries = directory.registries;
    this.roleDefinitions = directory.roleDefinitions;
    this.roleAssignments = directory.roleAssignments;
    this.plans = directory.plans;
    this.deletedVaults = directory.deletedVaults;
    this.secured = directory.secured;
  }

  get identities(): Shelf {
    return this.shelf('Microsoft.ManagedIdentity/userAssignedIdentities');
  }

  /** @param type `Microsoft.Insights/metricAlerts` */
  shelf(type: string): Shelf {
    const shelf = this.#directory.shelves.get(type) ?? new Shelf();
    this.#directory.shelves.set(type, shelf);
    return shelf;
  }

  /** Ids are not case-sensitive. */
  has(type: string, id: string): boolean {
    return this.shelf(type).find((one) => text(one, 'id')?.toLowerCase() === id.toLowerCase()) !== undefined;
  }

  /** Takes a global name. @returns false when it is somebody else's. */
  claim(kind: string, name: string, id: string): boolean {
    const key = `${kind} ${name.toLowerCase()}`;
    const owner = this.#directory.names.get(key) ?? id;
    if (owner !== id) return false;
    this.#directory.names.set(key, id);
    return true;
  }

  free(kind: string, name: string): void {
    this.#directory.names.delete(`${kind} ${name.toLowerCase()}`);
  }

  /** A group takes everything with it, whatever still uses what. */
  removeGroup(id: string): void {
    for (const shelf of [...this.#directory.shelves.values(), this.registries, this.plans]) shelf.deleteBelow(id);
    for (const [key, owner] of this.#directory.names) if (owner.startsWith(`${id}/`)) this.#directory.names.delete(key);
    for (const binding of this.secured.keys()) if (binding.startsWith(`${id}/`)) this.secured.delete(binding);
  }

  groupId(name: string): string {
    return `/subscriptions/${this.id}/resourceGroups/${name}`;
  }

  /** @param type `Microsoft.Web/serverfarms` */
  resourceId(inputs: Properties, type: string, name: string): string {
    return `${this.groupId(text(inputs, 'resourceGroupName') ?? '')}/providers/${type}/${name}`;
  }

  /**
   * Of a regional resource whose program says no location: the recorded one, else the provider's, else its group's, in `azure-native`'s order.
   * https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/provider.go, `getDefaultLocation`
   */
  defaultLocation(inputs: Properties, recorded: Properties, config: Properties): Properties {
    const group = this.groups.get(this.groupId(text(inputs, 'resourceGroupName') ?? ''));
    const location = text(recorded, 'location') ?? text(config, 'location') ?? text(group?.inputs, 'location');
    return location === undefined ? {} : { location };
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

/** Whoever is logged in. */
export function accountOf({ tenantId }: AzureSubscription): string {
  return `${tenantId.slice(0, -1)}3`;
}

function covers(scope: string, id: string): boolean {
  return id === scope || id.startsWith(`${scope}/`);
}
