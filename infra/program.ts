// The Pulumi programs as functions: a prediction service, what a cloud needs once, the repository on GitHub. Whoever runs them says which release.
import { getOrganization, type Output, StackReference } from '@pulumi/pulumi';
import { z } from 'zod';
import { currentDatabaseGiB, refuseSmaller, withDiskOf } from './clouds/database-size.ts';
import { cloudRegistry, type Runtime, runtimeRegistry } from './clouds/index.ts';
import { project } from './clouds/names.ts';
import { DeliveryError } from './contract/errors.ts';
import type { GithubConfig } from './contract/github.ts';
import type {
  CurrentRelease,
  FoundationConfig,
  FoundationOutputs,
  PredictionServiceOutputs,
  ReleaseArgs,
  ServiceConfig,
  Staged,
} from './contract/service.ts';
import { type Cloud, foundationOf, type Stack } from './contract/stack.ts';

export interface ServiceProgramArgs extends Staged {
  readonly stack: Stack;
  readonly config: ServiceConfig;
  /** Of what stays live beside a candidate; left out: the same. */
  readonly liveConfig?: ServiceConfig | undefined;
  readonly release: ReleaseArgs;
  /** An earlier release's settings: the database keeps the disk it has, which may have grown since. */
  readonly keepsDisk?: boolean;
  /** RFC 3339; left out where the secrets were never rotated. */
  readonly secretsAsOf?: string | undefined;
  /** How often the release failed on this stack before; left out where it never did. */
  readonly retry?: number | undefined;
  /** What the stack runs now; absent on the first deployment. */
  readonly current?: CurrentRelease;
}

/** What a service stack outputs; read back, it is a `DeployedService`. */
export type ServiceStackOutputs = Pick<
  PredictionServiceOutputs,
  'endpoint' | 'revision' | 'candidateEndpoint' | 'coordinates'
> & {
  readonly release: ReleaseArgs;
  readonly sharePercent?: number;
  readonly secretsAsOf?: string;
  readonly retry?: number;
};

/** Variables of the container. Every platform starts new instances when one changes, and new instances read the secrets as they are. */
const renewing = { secretsAsOf: 'TRIREME_SECRETS_AS_OF', retry: 'TRIREME_RETRY' } as const;
type Renewed = Pick<ServiceProgramArgs, keyof typeof renewing>;

/** Runs inside a Pulumi program. */
export async function serviceProgram(asked: ServiceProgramArgs): Promise<ServiceStackOutputs> {
  const args = await withDisk(asked);
  const { stack, current } = args;
  const config = renewed(args.config, args);
  const staysLive = args.stage !== 'live' && current !== undefined;
  const liveConfig = staysLive ? renewed(args.liveConfig ?? args.config, current) : undefined;
  const runtime: Runtime = runtimeRegistry[config.runtime];
  const PredictionService = await runtime.component();
  const provider = await cloudRegistry[stack.cloud].provider(
    (liveConfig ?? config).region,
    (liveConfig ?? config).account,
  );
  const foundation = await readFoundation(stack.cloud);
  const service = new PredictionService(
    'prediction-service',
    { ...args, config, liveConfig, foundation },
    { provider },
  );

  const { endpoint, revision, candidateEndpoint, coordinates } = service;
  // A rotation, too, is a candidate's alone until it is live.
  const { secretsAsOf, retry }: Renewed = staysLive && candidateEndpoint !== undefined ? current : args;
  return {
    endpoint,
    revision,
    ...(candidateEndpoint === undefined ? {} : { candidateEndpoint }),
    coordinates,
    ...(args.stage === 'share' && args.sharePercent !== undefined ? { sharePercent: args.sharePercent } : {}),
    ...(secretsAsOf === undefined ? {} : { secretsAsOf }),
    ...(retry === undefined ? {} : { retry }),
    release: liveRelease(args, candidateEndpoint !== undefined),
  };
}

/** @throws DeliveryError `refused`: a stack file that would shrink the disk, before anything is registered */
async function withDisk(args: ServiceProgramArgs): Promise<ServiceProgramArgs> {
  const { stack, config, liveConfig, keepsDisk } = args;
  if (config.database === undefined && liveConfig?.database === undefined) return args;
  const has = await currentDatabaseGiB(stack);
  if (has === undefined) return args;
  if (keepsDisk !== true) refuseSmaller(stack.name, config, has);
  return {
    ...args,
    config: withDiskOf(config, has),
    ...(liveConfig === undefined ? {} : { liveConfig: withDiskOf(liveConfig, has) }),
  };
}

function renewed(config: ServiceConfig, { secretsAsOf, retry }: Renewed): ServiceConfig {
  const env = {
    ...config.env,
    ...(secretsAsOf === undefined ? {} : { [renewing.secretsAsOf]: secretsAsOf }),
    ...(retry === undefined ? {} : { [renewing.retry]: String(retry) }),
  };
  return { ...config, env };
}

/** Runs inside a Pulumi program. */
export async function foundationProgram({
  cloud,
  config,
}: {
  readonly cloud: Cloud;
  readonly config: FoundationConfig;
}): Promise<{ readonly [K in keyof FoundationOutputs]: Output<FoundationOutputs[K]> }> {
  const provider = await cloudRegistry[cloud].provider(config.region);
  const { repository, pullIdentity, details } = await cloudRegistry[cloud].foundation(config, { provider });
  return { repository, pullIdentity, details };
}

/** Runs inside a Pulumi program. */
export async function githubProgram(config: GithubConfig): Promise<{ readonly repository: string }> {
  const { githubProvider, RepositorySettings } = await import('./github/repository.ts');
  new RepositorySettings('repository', config, { provider: githubProvider(config) });
  return { repository: `${config.owner}/${config.repository}` };
}

/** Only where there is a place for a candidate does something else stay live beside it. */
function liveRelease({ stage, release, current }: ServiceProgramArgs, hasPlace: boolean): ReleaseArgs {
  const live = stage !== 'live' && hasPlace ? (current ?? release) : release;
  const { releaseId, imageDigest, buildId, imageRef } = live;
  return { releaseId, imageDigest, buildId, imageRef };
}

/** Read before anything is registered: a service without its foundation ends in one sentence. */
async function readFoundation(cloud: Cloud): Promise<Pick<FoundationOutputs, 'pullIdentity' | 'details'>> {
  const name = foundationOf(cloud);
  const reference = new StackReference(`${getOrganization()}/${project}/${name}`);
  const [pullIdentity, details] = await Promise.all(
    (['pullIdentity', 'details'] as const).map((output) => reference.getOutputDetails(output)),
  );
  const parsed = foundationValues.safeParse({ pullIdentity: pullIdentity?.value, details: details?.value });
  if (parsed.success) return parsed.data;
  throw new DeliveryError('refused', `expected ${name} to be up; found no outputs of it`, {
    hint: `bring it up first: pulumi up --stack ${name}`,
  });
}

const foundationValues = z.object({ pullIdentity: z.string().min(1), details: z.record(z.string(), z.string()) });
