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
} from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { planFor, usesSlot } from './limits.ts';
import { containerImage, siteSettings } from './settings.ts';

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
    const group = createGroup(this, args);
    const plan = createPlan(this, args, group);
    const secretsIdentity = createSecretsIdentity(this, args, group);
    const live = liveRelease(args);
    const site = createSite(this, args, siteArgs(args, live, { group, plan, secretsIdentity }));
    const slot = createSlot(this, args, site, siteArgs(args, args.release, { group, plan, secretsIdentity }));

    this.nodes = { group, plan, secretsIdentity, site, slot };
    this.endpoint = site.defaultHostName.apply(endpointOf);
    // App Service has no revisions: the configured image is the only name it has for what it runs.
    this.revision = site.id.apply(() => containerImage(live));
    this.coordinates = output([site.id, slot?.id]).apply(([site, slot]) => named({ site, slot }));
    if (slot !== undefined) this.candidateEndpoint = slot.defaultHostName.apply(endpointOf);
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

/** Only the names that there are. */
function named(names: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** While a candidate is proven in the slot, production keeps what it runs; the very first release has nothing to wait behind. */
export function liveRelease({ stack, stage, release, current }: PredictionServiceArgs): ReleaseArgs {
  return stage === 'candidate' && usesSlot(stack) ? (current ?? release) : release;
}

function createGroup(parent: ComponentResource, { stack, config }: PredictionServiceArgs): ResourceGroup {
  return new ResourceGroup(
    'group',
    { resourceGroupName: serviceName(stack), location: config.region },
    { parent, protect: config.protect },
  );
}

/** One plan's workers run the site and its slot: `capacity` of them, whatever the load. */
function createPlan(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
  group: ResourceGroup,
): AppServicePlan {
  const size = planFor(config, stack);
  if (size === undefined) {
    throw new DeliveryError('config-invalid', `${stack.name}: no App Service plan has that cpu and memoryMiB`);
  }
  return new AppServicePlan(
    'plan',
    {
      resourceGroupName: group.name,
      name: serviceName(stack),
      kind: 'linux',
      reserved: true,
      sku: { name: size.name, tier: size.tier, capacity: config.minInstances },
    },
    { parent },
  );
}

/** Whom Key Vault knows; its right to read the vault is given by whoever owns the vault. */
function createSecretsIdentity(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
  group: ResourceGroup,
): UserAssignedIdentity | undefined {
  if (Object.keys(config.secrets).length === 0) return undefined;
  return new UserAssignedIdentity(
    'secrets-identity',
    { resourceGroupName: group.name, resourceName: `${serviceName(stack)}-secrets` },
    { parent },
  );
}

/** What the site and its slot have in common, given the release each runs. */
function siteArgs(
  { config, foundation }: PredictionServiceArgs,
  release: ReleaseArgs,
  needs: { group: ResourceGroup; plan: AppServicePlan; secretsIdentity: UserAssignedIdentity | undefined },
): WebAppArgs & { resourceGroupName: Output<string> } {
  const { group, plan, secretsIdentity } = needs;
  return {
    resourceGroupName: group.name,
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
    siteConfig: {
      linuxFxVersion: containerImage(release),
      acrUseManagedIdentityCreds: true,
      // By its client id, unlike everywhere else.
      acrUserManagedIdentityID: output(foundation.details).apply((details) => details.pullIdentityClientId ?? ''),
      appSettings: siteSettings(config, release),
      healthCheckPath: readyPath,
      alwaysOn: true,
      numberOfWorkers: config.minInstances,
      http20Enabled: true,
      minTlsVersion: '1.2',
      scmMinTlsVersion: '1.2',
      ftpsState: 'Disabled',
      // The prover reads the platform's log for why a container did not start.
      httpLoggingEnabled: true,
      logsDirectorySizeLimit: 35,
    },
  };
}

function createSite(parent: ComponentResource, { stack, config, foundation }: PredictionServiceArgs, args: WebAppArgs) {
  const suffix = output(foundation.details).apply((details) => details.nameSuffix ?? '');
  return new WebApp(
    'site',
    { ...args, name: interpolate`${serviceName(stack)}-${suffix}` },
    { parent, protect: config.protect },
  );
}

function createSlot(
  parent: ComponentResource,
  { stack }: PredictionServiceArgs,
  site: WebApp,
  args: WebAppArgs & { resourceGroupName: Output<string> },
): WebAppSlot | undefined {
  if (!usesSlot(stack)) return undefined;
  return new WebAppSlot('slot', { ...args, name: site.name, slot: 'candidate' }, { parent });
}
