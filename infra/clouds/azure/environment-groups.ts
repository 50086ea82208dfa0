// Where an environment lives on Azure: its subscription, the group of its services, and the group of whoever deploys there.
import { Provider } from '@pulumi/azure-native/provider.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import type { ComponentResource, CustomResourceOptions } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { type Environment, environments } from '../../contract/stack.ts';
import { project, serviceName } from '../names.ts';
import { tagsFor } from './place.ts';

export interface EnvironmentPlace {
  /** Of its services, and of nothing else: a deployer's rights end with it. */
  readonly services: ResourceGroup;
  /** Of the identities that deploy to it, on which no deployer has any right. */
  readonly identities: ResourceGroup;
  /** For what is made in its subscription. */
  readonly options: CustomResourceOptions;
}

/** @param home the foundation's group, of the identities of environments in the foundation's own subscription. */
export function createEnvironmentPlaces(
  parent: ComponentResource,
  config: FoundationConfig,
  home: ResourceGroup,
): Readonly<Record<Environment, EnvironmentPlace>> {
  const subscriptions = new Map<string | undefined, Pick<EnvironmentPlace, 'identities' | 'options'>>([
    [undefined, { identities: home, options: { parent } }],
  ]);
  const placeIn = (subscription: string | undefined) => {
    const known = subscriptions.get(subscription) ?? createOwnPlace(parent, config, subscription ?? '');
    subscriptions.set(subscription, known);
    return known;
  };
  return Object.fromEntries(
    environments.map((environment): [Environment, EnvironmentPlace] => {
      const { identities, options } = placeIn(config.accounts[environment]);
      return [environment, { services: createServicesGroup(environment, config, options), identities, options }];
    }),
  ) as Record<Environment, EnvironmentPlace>;
}

/** Whoever brings the foundation up has rights there too: https://learn.microsoft.com/azure/governance/management-groups/overview */
function createOwnPlace(
  parent: ComponentResource,
  { region, accounts, labels }: FoundationConfig,
  subscriptionId: string,
): Pick<EnvironmentPlace, 'identities' | 'options'> {
  const suffix = environments.filter((environment) => accounts[environment] === subscriptionId).join('-');
  const provider = new Provider(`subscription-${suffix}`, { subscriptionId, location: region }, { parent });
  const options = { parent, provider };
  const identities = new ResourceGroup(
    `group-identities-${suffix}`,
    { resourceGroupName: `${project}-foundation`, location: region, tags: tagsFor('foundation', labels) },
    options,
  );
  return { identities, options };
}

/** Deleted, it would take the services with it. */
function createServicesGroup(
  environment: Environment,
  { region, labels }: FoundationConfig,
  options: CustomResourceOptions,
): ResourceGroup {
  return new ResourceGroup(
    `group-${environment}`,
    { resourceGroupName: serviceName({ environment }), location: region, tags: tagsFor(environment, labels) },
    { ...options, protect: true },
  );
}
