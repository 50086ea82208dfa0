// What AWS needs once: the registry, the roles that pull from it and deploy, who hears alarms, where state is kept.
import { getCallerIdentity } from '@pulumi/aws/getCallerIdentity.js';
import { Provider, type ProviderArgs } from '@pulumi/aws/provider.js';
import type { Bucket } from '@pulumi/aws/s3/bucket.js';
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  type Output,
  type ProviderResource,
} from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { createAlarmChannels } from './foundation/alarm-channel.ts';
import { createDeployRoles } from './foundation/deploy-roles.ts';
import { entryRole, type Place, placesOf, suffixOf } from './foundation/places.ts';
import { createPullRole, type PullRole } from './foundation/pull-role.ts';
import { createRegistry, type Registry } from './foundation/registry.ts';
import { createStateBucket, stateBucketName } from './foundation/state.ts';
import { tagsOf } from './tags.ts';

/** Asks whose account it is where anything depends on it. */
export async function awsFoundation(
  name: string,
  config: FoundationConfig,
  options: { readonly provider: ProviderResource },
): Promise<AwsFoundation> {
  const asks = config.stateBucket || config.github !== undefined || Object.keys(config.accounts).length > 0;
  const home = asks ? (await getCallerIdentity({}, options)).accountId : undefined;
  return new AwsFoundation(name, { config, home }, options);
}

export interface AwsFoundationArgs {
  readonly config: FoundationConfig;
  /** The account that is logged in to; needed with `github`, `stateBucket` and `accounts`. */
  readonly home?: string | undefined;
}

export class AwsFoundation extends ComponentResource {
  readonly repository: Output<string>;
  readonly pullIdentity: Output<string>;
  readonly details: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly registry: Registry;
    readonly pullRole: PullRole;
    readonly stateBucket: Bucket | undefined;
  };

  constructor(name: string, { config, home }: AwsFoundationArgs, options?: ComponentResourceOptions) {
    super('trireme:aws:Foundation', name, {}, options);
    const tags = tagsOf('foundation', config.labels);
    const places = placesOf(config.accounts, home);
    const registry = createRegistry(this, { places, tags });
    const pullRole = createPullRole({ suffix: '', tags }, { parent: this });
    const stateBucket =
      config.stateBucket && home !== undefined ? createStateBucket(this, { account: home, places, tags }) : undefined;

    this.nodes = { registry, pullRole, stateBucket };
    this.repository = registry.repository.repositoryUrl;
    this.pullIdentity = pullRole.arn;
    this.details = all({
      ...Object.assign({}, ...places.map((place) => furnish(this, place, { config, home, tags }))),
      ...(stateBucket === undefined ? {} : { stateBucket: stateBucket.bucket }),
    } as Record<string, Output<string>>);
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }
}

/** What an account needs before services are deployed in it; names end with the environment's where the account is not home. */
function furnish(
  parent: ComponentResource,
  place: Place,
  { config, home, tags }: AwsFoundationArgs & { readonly tags: Record<string, string> },
): Readonly<Record<string, Output<string>>> {
  const { account, environments } = place;
  const suffix = suffixOf(place);
  const options = optionsIn(parent, place, config.region);
  const pull = place.home ? {} : { pullIdentity: createPullRole({ suffix, tags }, options).arn };
  const channels =
    config.alarmEmail === undefined || environments.length === 0
      ? {}
      : createAlarmChannels({ email: config.alarmEmail, region: config.region, suffix, tags }, options);
  const shared = { ...pull, ...channels };
  const deploying =
    config.github === undefined || account === undefined || environments.length === 0
      ? {}
      : createDeployRoles(
          {
            repository: config.github,
            environments,
            scope: {
              account,
              region: config.region,
              ...(home === undefined ? {} : { registryAccount: home }),
              ...(config.stateBucket && home !== undefined ? { stateBucket: stateBucketName(home) } : {}),
            },
            suffix,
            tags,
          },
          options,
        );
  return { ...(place.home ? shared : forEach(environments, shared)), ...deploying };
}

function forEach<T>(environments: readonly string[], values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    environments.flatMap((environment) =>
      Object.entries(values).map(([key, value]) => [`${key}.${environment}`, value] as const),
    ),
  );
}

/** Another account is entered by the role its organization made in it. */
function optionsIn(parent: ComponentResource, place: Place, region: string): CustomResourceOptions {
  const { account, home } = place;
  if (home || account === undefined) return { parent };
  const provider = new Provider(
    `aws${suffixOf(place)}`,
    {
      region: region as NonNullable<ProviderArgs['region']>,
      assumeRoles: [{ roleArn: entryRole(account), sessionName: 'trireme-foundation' }],
      allowedAccountIds: [account],
    },
    { parent },
  );
  return { parent, provider };
}
