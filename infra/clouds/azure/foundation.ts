// What Azure needs once: the registry and the identity App Service pulls from it with; on demand who deploys, Pulumi's state, and who is told by alarms.
import { createHash } from 'node:crypto';
import type { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { Registry } from '@pulumi/azure-native/containerregistry/registry.js';
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { ActionGroup } from '@pulumi/azure-native/monitor/actionGroup.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
  output,
} from '@pulumi/pulumi';
import type { FoundationConfig, TrustedRepository } from '../../contract/service.ts';
import { environments } from '../../contract/stack.ts';
import { project } from '../names.ts';
import { type BlobStore, createBlobStore } from './blob-store.ts';
import { createDeployIdentities, type DeployerNeeds } from './deploy-identities.ts';
import { createEnvironmentPlaces } from './environment-groups.ts';
import { tagsFor } from './place.ts';
import { allow, subscriptionOf } from './role.ts';

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
    readonly alarms: ActionGroup | undefined;
    readonly state: BlobStore | undefined;
  };

  constructor(name: string, config: FoundationConfig, options?: ComponentResourceOptions) {
    super('trireme:azure:Foundation', name, {}, options);
    const tags = tagsFor('foundation', config.labels);
    const group = createGroup(this, config, tags);
    const subscription = group.id.apply(subscriptionOf);
    const suffix = subscription.apply(suffixFor);
    const registry = createRegistry(this, group, suffix, tags);
    const identity = createIdentity(this, group, tags);
    const pull = allow('pull-identity-reader', { identity, role: 'acrPull', scope: registry.id }, { parent: this });
    const alarms = createAlarmChannel(this, group, config, tags);
    const state = createState(this, { group, suffix, config, tags });
    const deploying =
      config.github === undefined
        ? {}
        : this.#letDeploy(config, config.github, {
            ...{ group, suffix, tags },
            registryId: registry.id,
            pullIdentityId: identity.id,
            stateContainerId: state?.container.id,
          });

    this.nodes = { group, registry, identity, pull, alarms, state };
    this.repository = interpolate`${registry.loginServer}/${project}`;
    this.pullIdentity = output([identity.id, pull.id]).apply(([id]) => id ?? '');
    this.details = output<Record<string, Input<string>>>({
      pullIdentityClientId: identity.clientId,
      subscription,
      nameSuffix: suffix,
      ...deploying,
      ...(alarms === undefined ? {} : { alarmChannel: alarms.id }),
      ...(state === undefined ? {} : { stateBucket: stateUrl(state) }),
    });
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }

  /** What jobs and service stacks need to know of it, by name. */
  #letDeploy(
    config: FoundationConfig,
    github: TrustedRepository,
    needs: Omit<DeployerNeeds, 'parent' | 'github' | 'places'>,
  ): Readonly<Record<string, Output<string>>> {
    const places = createEnvironmentPlaces(this, config, needs.group);
    return {
      ...Object.fromEntries(
        environments.map((environment) => [`group.${environment}`, places[environment].services.id]),
      ),
      ...createDeployIdentities({ ...needs, parent: this, github, places }),
    };
  }
}

/** Names of registries and sites are global: each subscription gets its own, and always the same. */
export function suffixFor(subscription: string): string {
  return createHash('sha256').update(subscription).digest('hex').slice(0, 8);
}

type Tags = Readonly<Record<string, string>>;

function createGroup(parent: ComponentResource, config: FoundationConfig, tags: Tags): ResourceGroup {
  return new ResourceGroup(
    'group',
    { resourceGroupName: `${project}-foundation`, location: config.region, tags },
    { parent },
  );
}

/**
 * Of this size a registry removes nothing by itself, so every release can be rolled back to. The larger sizes' retention policy
 * would be no help: it takes untagged manifests, and a release is pushed with its tag.
 * https://learn.microsoft.com/azure/container-registry/container-registry-retention-policy
 */
function createRegistry(parent: ComponentResource, group: ResourceGroup, suffix: Output<string>, tags: Tags): Registry {
  return new Registry(
    'registry',
    {
      resourceGroupName: group.name,
      registryName: interpolate`${project}${suffix}`,
      sku: { name: 'Basic' },
      // Nobody shares a password: people and machines log in as themselves.
      adminUserEnabled: false,
      anonymousPullEnabled: false,
      tags,
    },
    { parent },
  );
}

/** User-assigned, because it must exist before the site and be the same for the site and its slot. */
function createIdentity(parent: ComponentResource, group: ResourceGroup, tags: Tags): UserAssignedIdentity {
  return new UserAssignedIdentity(
    'pull-identity',
    { resourceGroupName: group.name, resourceName: `${project}-pull`, tags },
    { parent },
  );
}

/** Alarms of every stack tell it; its address gets a mail that it was added. */
function createAlarmChannel(
  parent: ComponentResource,
  group: ResourceGroup,
  { alarmEmail }: FoundationConfig,
  tags: Tags,
): ActionGroup | undefined {
  if (alarmEmail === undefined) return undefined;
  return new ActionGroup(
    'alarms',
    {
      resourceGroupName: group.name,
      actionGroupName: `${project}-alarms`,
      // Names the sender; at most 12 characters.
      groupShortName: project,
      location: 'Global',
      enabled: true,
      emailReceivers: [{ name: 'operators', emailAddress: alarmEmail, useCommonAlertSchema: true }],
      tags,
    },
    { parent },
  );
}

/** Pulumi's own state: never deleted with the rest. */
function createState(
  parent: ComponentResource,
  {
    group,
    suffix,
    config,
    tags,
  }: { group: ResourceGroup; suffix: Output<string>; config: FoundationConfig; tags: Tags },
): BlobStore | undefined {
  if (!config.stateBucket) return undefined;
  return createBlobStore(
    'state',
    {
      regional: { resourceGroupName: group.name, location: config.region },
      accountName: interpolate`${project}state${suffix}`,
      containerName: 'state',
      copies: 'Standard_GRS',
      tags,
    },
    { parent, protect: true },
  );
}

/** As `pulumi login` takes it: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#azure-blob-storage */
function stateUrl({ account, container }: BlobStore): Output<string> {
  return interpolate`azblob://${container.name}?storage_account=${account.name}`;
}
