// A prediction service on App Service: a Linux container, and in prod a slot where a candidate is proven first.
import { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import { WebApp, type WebAppArgs } from '@pulumi/azure-native/web/webApp.js';
import { WebAppSlot } from '@pulumi/azure-native/web/webAppSlot.js';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output, output } from '@pulumi/pulumi';
import { DeliveryError } from '../../../contract/errors.ts';
import {
  endpointOf,
  type PredictionServiceArgs,
  type PredictionServiceOutputs,
  type ReleaseArgs,
  readyPath,
  type ServiceConfig,
} from '../../../contract/service.ts';
import { commonConfig } from '../../common-config.ts';
import { adopting } from '../../from-foundation.ts';
import { serviceName } from '../../names.ts';
import { createAlarms } from '../alarms.ts';
import { createDashboard } from '../dashboard.ts';
import { createDatabase } from '../database.ts';
import { createDomain } from '../domain.ts';
import { networkOf } from '../network.ts';
import { createObjectStore } from '../object-store.ts';
import { createUptimeCheck, createWorkspace, keepLogs } from '../observability.ts';
import { type Place, tagsFor } from '../place.ts';
import { createPrivateAccess } from '../private-access.ts';
import { createAutoscale, scales } from './autoscale.ts';
import { type PlanSize, planForBoth, usesSlot } from './limits.ts';
import { diversionOf, liveConfigOf, liveRelease } from './rollout.ts';
import { containerImage, type MadeSettings, siteSettings } from './settings.ts';

export class AzurePredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly candidateEndpoint?: Output<string>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly group: ResourceGroup;
    readonly plan: AppServicePlan;
    readonly secretsIdentity: UserAssignedIdentity | undefined;
    readonly site: WebApp;
    readonly slot: WebAppSlot | undefined;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:azure:PredictionService', name, {}, options);
    const { stack } = args;
    // What site and slot share is the live release's until another is live; the slot alone is the candidate's.
    const live = liveRelease(args);
    const ofSite = { ...args, config: liveConfigOf(args), release: live };
    const config = commonConfig({ config: args.config, liveConfig: ofSite.config });
    const tags = tagsFor(stack.environment, config.labels);
    const group = createGroup(this, { ...args, config }, tags);
    const nameSuffix = output(args.foundation.details).apply((details) => details.nameSuffix ?? '');
    const regional = { resourceGroupName: group.name, location: config.region };
    const place: Place = { parent: this, group, regional, tags, stack, config, nameSuffix };
    const plan = createPlan(place, planForBoth({ config: args.config, liveConfig: ofSite.config }, stack));
    const secretsIdentity = createSecretsIdentity(place);
    const made = createMade(place, secretsIdentity);
    const diversion = diversionOf(args);
    const site = createSite(place, siteArgs(ofSite, { place, plan, secretsIdentity, made, diversion }));
    const slot = createSlot(place, site, siteArgs(args, { place, plan, secretsIdentity, made }));
    createAutoscale(place, plan);
    const domain = createDomain(place, { site, plan });
    const reached = (by: ServiceConfig, slot?: string) =>
      createPrivateAccess({ ...place, config: by }, networkOf(by), {
        siteId: site.id,
        ...(slot === undefined ? {} : { slot }),
      });
    reached(ofSite.config);
    if (slot !== undefined) reached(args.config, slotName);
    watch(place, args, { site, slot, plan });

    this.nodes = { group, plan, secretsIdentity, site, slot };
    this.endpoint = site.defaultHostName.apply(endpointOf);
    // App Service has no revisions: the configured image is the only name it has for what it runs.
    this.revision = site.id.apply(() => containerImage(live));
    this.coordinates = output([site.id, slot?.id, domain?.records] as const).apply(([site, slot, dnsRecords]) =>
      named({ site, slot, dnsRecords }),
    );
    if (slot !== undefined) this.candidateEndpoint = slot.defaultHostName.apply(endpointOf);
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

/** The slot a candidate is proven in. */
const slotName = 'candidate';

/** Only the names that there are. */
function named(names: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function createGroup(
  parent: ComponentResource,
  args: Pick<PredictionServiceArgs, 'stack' | 'config' | 'foundation'>,
  tags: Record<string, string>,
): ResourceGroup {
  const { stack, config } = args;
  return new ResourceGroup(
    'group',
    { resourceGroupName: serviceName(stack), location: config.region, tags },
    { parent, protect: config.protect, ...adopting(args, 'group', ['location', 'tags']) },
  );
}

/** One plan's workers run the site and its slot. */
function createPlan({ parent, regional, tags, stack, config }: Place, size: PlanSize | undefined): AppServicePlan {
  if (size === undefined) {
    throw new DeliveryError('config-invalid', `${stack.name}: no App Service plan has that cpu and memoryMiB`);
  }
  return new AppServicePlan(
    'plan',
    {
      ...regional,
      name: serviceName(stack),
      kind: 'linux',
      reserved: true,
      sku: { name: size.name, tier: size.tier, capacity: config.minInstances },
      tags,
    },
    // A busy service is not taken back to its least capacity by a deployment.
    { parent, ...(scales(config) ? { ignoreChanges: ['sku.capacity'] } : {}) },
  );
}

/** Whom Key Vault and the object store know; its right to read a vault of somebody else's is given by whoever owns that. */
function createSecretsIdentity({ parent, regional, tags, stack, config }: Place): UserAssignedIdentity | undefined {
  if (!needsIdentity(config)) return undefined;
  return new UserAssignedIdentity(
    'secrets-identity',
    { ...regional, resourceName: `${serviceName(stack)}-secrets`, tags },
    { parent },
  );
}

function needsIdentity({ secrets, database, objectStore }: ServiceConfig): boolean {
  return Object.keys(secrets).length > 0 || database !== undefined || objectStore;
}

/** What the service needs beside itself, and how its container learns of it. */
function createMade(place: Place, identity: UserAssignedIdentity | undefined): MadeSettings {
  const database = createDatabase(place, identity);
  const store = createObjectStore(place, identity);
  return {
    ...(database === undefined ? {} : { databaseSecret: database.secretName }),
    ...(store === undefined || identity === undefined
      ? {}
      : { objectStoreUrl: store.url, clientId: identity.clientId }),
  };
}

/** A container learns only of what its own configuration asks for. */
function madeFor({ database, objectStore }: ServiceConfig, made: MadeSettings): MadeSettings {
  const { databaseSecret, objectStoreUrl, clientId } = made;
  return {
    ...(database === undefined || databaseSecret === undefined ? {} : { databaseSecret }),
    ...(objectStore && objectStoreUrl !== undefined && clientId !== undefined ? { objectStoreUrl, clientId } : {}),
  };
}

function watch(
  place: Place,
  { foundation }: PredictionServiceArgs,
  { site, slot, plan }: { site: WebApp; slot: WebAppSlot | undefined; plan: AppServicePlan },
): void {
  const workspace = createWorkspace(place);
  keepLogs('site-logs', place, workspace, site);
  if (slot !== undefined) keepLogs('slot-logs', place, workspace, slot);
  const { domain } = place.config;
  const asked = domain === undefined ? site.defaultHostName.apply(endpointOf) : endpointOf(domain);
  const uptime = createUptimeCheck(place, workspace, asked);
  const channel = output(foundation.details).apply((details) => details.alarmChannel ?? '');
  createAlarms(place, { site, workspace, uptime, channel });
  createDashboard(place, { site, plan });
}

/** What the site and its slot have in common, given the release each runs and its configuration. */
function siteArgs(
  { config, foundation, release }: Pick<PredictionServiceArgs, 'config' | 'foundation'> & { release: ReleaseArgs },
  needs: {
    place: Place;
    plan: AppServicePlan;
    secretsIdentity: UserAssignedIdentity | undefined;
    made: MadeSettings;
    diversion?: ReturnType<typeof diversionOf>;
  },
): WebAppArgs & { resourceGroupName: Output<string> } {
  const { place, plan, made, diversion } = needs;
  const secretsIdentity = needsIdentity(config) ? needs.secretsIdentity : undefined;
  const { outboundSubnet } = networkOf(config);
  return {
    ...place.regional,
    serverFarmId: plan.id,
    // A slot's kind must be its site's.
    kind: 'app,linux,container',
    reserved: true,
    httpsOnly: true,
    clientAffinityEnabled: false,
    publicNetworkAccess: config.exposure === 'public' ? 'Enabled' : 'Disabled',
    identity: {
      type: 'UserAssigned',
      userAssignedIdentities: [foundation.pullIdentity, ...(secretsIdentity === undefined ? [] : [secretsIdentity.id])],
    },
    ...(secretsIdentity === undefined ? {} : { keyVaultReferenceIdentity: secretsIdentity.id }),
    ...(outboundSubnet === undefined ? {} : { virtualNetworkSubnetId: outboundSubnet }),
    tags: place.tags,
    siteConfig: {
      linuxFxVersion: containerImage(release),
      acrUseManagedIdentityCreds: true,
      // By its client id, unlike everywhere else.
      acrUserManagedIdentityID: output(foundation.details).apply((details) => details.pullIdentityClientId ?? ''),
      appSettings: siteSettings(config, release, madeFor(config, made)),
      healthCheckPath: readyPath,
      alwaysOn: true,
      // The plan's.
      numberOfWorkers: place.config.minInstances,
      http20Enabled: true,
      minTlsVersion: '1.2',
      scmMinTlsVersion: '1.2',
      ftpsState: 'Disabled',
      remoteDebuggingEnabled: false,
      // The prover reads the platform's log for why a container did not start.
      httpLoggingEnabled: true,
      logsDirectorySizeLimit: 35,
      ...(diversion === undefined ? {} : { experiments: diversion }),
    },
  };
}

function createSite({ parent, stack, config, nameSuffix }: Place, args: WebAppArgs): WebApp {
  return new WebApp(
    'site',
    { ...args, name: interpolate`${serviceName(stack)}-${nameSuffix}` },
    { parent, protect: config.protect },
  );
}

function createSlot(
  { parent, stack }: Place,
  site: WebApp,
  args: WebAppArgs & { resourceGroupName: Output<string> },
): WebAppSlot | undefined {
  if (!usesSlot(stack)) return undefined;
  return new WebAppSlot('slot', { ...args, name: site.name, slot: slotName }, { parent });
}
