// App Service sites and slots as Pulumi's `azure-native` provider drives them: PUT, answered at once, whatever the image does later.
import { projected } from '../engine/input-diff.ts';
import { isList, isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { type Answer, call } from './control-plane.ts';
import { oneOf, pattern } from './input-rule.ts';

type AppServiceWorld = Pick<World, 'controlPlanes'>;

/** The names of sites are the whole world's. */
const sites = 'Microsoft.Web/sites';
const apiVersion = '2025-05-01';
/** What stands in ARM's envelope or in the path; everything else is a property of the site. */
const envelope = ['name', 'slot', 'resourceGroupName', 'location', 'kind', 'tags', 'identity'];

export function webApp(world: AppServiceWorld, subscription: AzureSubscription): ResourceModel {
  return site(world, subscription, {
    module: 'web/webApp',
    named: 'name',
    idOf: (inputs) => subscription.resourceId(inputs, 'Microsoft.Web/sites', text(inputs, 'name') ?? ''),
    refusal: () => undefined,
  });
}

export function webAppSlot(world: AppServiceWorld, subscription: AzureSubscription): ResourceModel {
  return site(world, subscription, {
    module: 'web/webAppSlot',
    named: 'slot',
    idOf: (inputs) =>
      `${subscription.resourceId(inputs, 'Microsoft.Web/sites', text(inputs, 'name') ?? '')}/slots/${text(inputs, 'slot')}`,
    refusal(plan) {
      // https://learn.microsoft.com/azure/app-service/deploy-staging-slots: Standard, Premium or Isolated
      const tier = planTier(plan);
      if (!/^(free|shared|basic)$/i.test(tier)) return undefined;
      return `Status=409 Code="Conflict" Message="Cannot complete the operation because the site will exceed the number of slots allowed for the '${tier}' SKU."`;
    },
  });
}

interface SiteKind {
  readonly module: string;
  readonly named: 'name' | 'slot';
  idOf(inputs: Properties): string;
  refusal(plan: Properties): string | undefined;
}

function site(world: AppServiceWorld, subscription: AzureSubscription, kind: SiteKind): ResourceModel {
  const put = async (id: string, inputs: Properties, context: ResourceContext): Promise<Properties> => {
    const refusal = refusalOf(subscription, inputs, kind);
    if (refusal !== undefined) throw new CloudRefusal(refusal);
    const body = toWire(inputs, subscription, subscription.location(inputs, context));
    return outputsOf(subscription, inputs, expectOk(await send(world, 'PUT', id, body)));
  };
  return {
    module: kind.module,
    naming: { property: kind.named, style: 'dashed' },
    // The parts of the resource's path, and its location.
    replaceOnChanges: ['name', 'slot', 'resourceGroupName', 'location'],
    computed: ['location', 'customDomainVerificationId'],
    defaults: (...asked) => subscription.defaultLocation(...asked),
    validate: siteFaults,
    async create(inputs, context) {
      const id = kind.idOf(inputs);
      // A PUT would take over what exists; the provider looks first.
      if ((await send(world, 'GET', id)).status === 200) {
        throw new CloudRefusal(`cannot create already existing resource '${id}'`);
      }
      const name = text(inputs, 'name') ?? '';
      if (kind.named === 'name' && !subscription.claim(sites, name, id)) {
        throw new CloudRefusal(`Status=409 Code="Conflict" Message="Website with given name ${name} already exists."`);
      }
      return { id, outputs: await put(id, inputs, context) };
    },
    async read(id, inputs) {
      const answer = await send(world, 'GET', id);
      if (answer.status === 404) return undefined;
      const resource = expectOk(answer);
      // `siteConfig` is not in the answer, so its drift stays unseen, as at the vendor.
      return { outputs: outputsOf(subscription, inputs, resource), inputs: projected(inputs, asInputs(resource)) };
    },
    update: (id, inputs, context) => put(id, inputs, context),
    async delete(id, inputs) {
      expectOk(await send(world, 'DELETE', id));
      if (kind.named === 'name') subscription.free(sites, text(inputs, 'name') ?? '');
    },
  };
}

function siteFaults(inputs: Properties): readonly InputFault[] {
  return [
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftweb
    ...pattern(inputs, 'name', /^(?=.{2,60}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/),
    ...pattern(inputs, 'slot', /^(?=.{2,59}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/),
    ...oneOf(inputs, 'publicNetworkAccess', ['Enabled', 'Disabled']),
    ...healthCheckFaults(inputs),
  ];
}

/** The path is appended to a host: https://learn.microsoft.com/azure/app-service/monitor-instances-health-check */
function healthCheckFaults(inputs: Properties): readonly InputFault[] {
  return pattern(inputs, 'siteConfig.healthCheckPath', /^\/.*$/);
}

function refusalOf(subscription: AzureSubscription, inputs: Properties, kind: SiteKind): string | undefined {
  const planId = text(inputs, 'serverFarmId') ?? '';
  const plan = subscription.plans.find((one) => text(one, 'id')?.toLowerCase() === planId.toLowerCase());
  if (plan === undefined) {
    return `Status=404 Code="NotFound" Message="Cannot find ServerFarm with name ${planId.slice(planId.lastIndexOf('/') + 1)}."`;
  }
  const missing = identitiesIn(inputs).find((id) => subscription.identity(id) === undefined);
  if (missing !== undefined) {
    return `Status=400 Code="FailedIdentityOperation" Message="Identity operation failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. ${missing} was not found.'"`;
  }
  return kind.refusal(plan);
}

function planTier(plan: Properties): string {
  const sku = plan.sku;
  const name = text(sku, 'name') ?? 'B1';
  const byName: Readonly<Record<string, string>> = {
    F: 'Free',
    D: 'Shared',
    B: 'Basic',
    S: 'Standard',
    P: 'Premium',
    I: 'Isolated',
  };
  return text(sku, 'tier') ?? byName[name.charAt(0).toUpperCase()] ?? name;
}

function identitiesIn(inputs: Properties): readonly string[] {
  const identities = isRecord(inputs.identity) ? inputs.identity.userAssignedIdentities : undefined;
  return isList(identities) ? identities.filter((id) => typeof id === 'string') : [];
}

function toWire(inputs: Properties, subscription: AzureSubscription, location: string): Properties {
  const identities = Object.fromEntries(identitiesIn(inputs).map((id) => [id, {}]));
  const properties = Object.fromEntries(Object.entries(inputs).filter(([key]) => !envelope.includes(key)));
  const { identity, kind, tags } = inputs;
  return {
    location,
    ...(kind === undefined ? {} : { kind }),
    ...(tags === undefined ? {} : { tags }),
    ...(isRecord(identity)
      ? { identity: { type: identity.type ?? 'UserAssigned', userAssignedIdentities: identities } }
      : {}),
    properties: withPullRight(properties, inputs, subscription),
  };
}

/**
 * ARM takes a site whose identity may not pull, and the pull fails later. The control plane knows nothing of role assignments, so
 * an identity without the right reaches it as one that is not used for pulling: the registry then answers "unauthorized".
 */
function withPullRight(properties: Properties, inputs: Properties, subscription: AzureSubscription): Properties {
  const { siteConfig } = properties;
  if (!isRecord(siteConfig) || siteConfig.acrUseManagedIdentityCreds !== true) return properties;
  const host = /^DOCKER\|([^/]+)\//i.exec(text(siteConfig, 'linuxFxVersion') ?? '')?.[1];
  if (host === undefined) return properties;
  const clientId = text(siteConfig, 'acrUserManagedIdentityID');
  const assigned = identitiesIn(inputs).some((id) => text(subscription.identity(id), 'clientId') === clientId);
  if (assigned && subscription.mayPull(clientId, host)) return properties;
  return { ...properties, siteConfig: { ...siteConfig, acrUseManagedIdentityCreds: false } };
}

function outputsOf(subscription: AzureSubscription, inputs: Properties, resource: Properties): Properties {
  const { properties, identity, id: _id, ...rest } = resource;
  const { siteConfig: _siteConfig, ...shown } = isRecord(properties) ? properties : {};
  const assigned = identitiesIn(inputs).map((id): [string, Properties] => {
    const { clientId = '', principalId = '' } = subscription.identity(id) ?? {};
    return [id, { clientId, principalId }];
  });
  return {
    ...shown,
    ...rest,
    azureApiVersion: apiVersion,
    customDomainVerificationId: subscription.verificationId,
    ...(isRecord(identity) ? { identity: { ...identity, userAssignedIdentities: Object.fromEntries(assigned) } } : {}),
  };
}

/** The answer in the form the inputs have: identities as a list, the envelope beside the properties. */
function asInputs(resource: Properties): Properties {
  const { properties, identity, name: _name, ...rest } = resource;
  const { siteConfig: _siteConfig, name: _siteName, ...shown } = isRecord(properties) ? properties : {};
  if (!isRecord(identity)) return { ...shown, ...rest };
  const assigned = isRecord(identity.userAssignedIdentities) ? Object.keys(identity.userAssignedIdentities) : [];
  return { ...shown, ...rest, identity: { ...identity, userAssignedIdentities: assigned } };
}

function send(world: AppServiceWorld, method: string, id: string, body?: Properties): Promise<Answer> {
  const url = `${encodeURI(id)}?api-version=${apiVersion}`;
  return call(world.controlPlanes.arm, { method, url, ...(body === undefined ? {} : { body }) });
}

function expectOk(answer: Answer): Properties {
  if (answer.status < 300) return answer.body;
  const error = answer.body.error;
  throw new CloudRefusal(`Status=${answer.status} Code="${text(error, 'code')}" Message="${text(error, 'message')}"`);
}
