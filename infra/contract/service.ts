// The service contract: what a stack says about a prediction service, what a component takes, what it gives back.
import type { Input, Output } from '@pulumi/pulumi';
import { z } from 'zod';
import type { ReleaseIdentity } from './release.ts';
import { environments, type Stack } from './stack.ts';

export const runtimes = ['app-runner', 'ecs-express', 'cloud-run', 'app-service'] as const;
export type RuntimeName = (typeof runtimes)[number];

/** The port the one image listens on, everywhere. */
export const servicePort = 8080;
/** Answers 200 only when the model is loaded, checked and warm. */
export const readyPath = '/v2/health/ready';
export const livePath = '/v2/health/live';
export const versionPath = '/version';

/** Container variables every component sets; the service reports the two release ones at `/version`. */
export const identityVariables = { releaseId: 'RELEASE_ID', imageDigest: 'IMAGE_DIGEST' } as const;

/** When somebody is told, by the alarm channel of the cloud's foundation. */
const alarmConfig = z.strictObject({
  /** Answers of 5xx among all answers, over five minutes. */
  errorRatePercent: z.number().positive().max(100).default(1),
  /** 95th percentile where the platform has it, else the mean, over five minutes. */
  latencyMilliseconds: z.number().positive().default(1000),
  /** No instance ready for this long. */
  notReadyMinutes: z.int().positive().default(5),
});
export type AlarmConfig = z.infer<typeof alarmConfig>;

const databaseConfig = z.strictObject({
  engine: z.enum(['mysql', 'postgresql']),
  /** The vendor's own name of a machine: `db.t4g.micro`, `db-f1-micro`, `Standard_B1ms`. */
  size: z.string().min(1),
  storageGiB: z.int().min(10),
});
export type DatabaseConfig = z.infer<typeof databaseConfig>;

/** Container variables that name what the stack made beside the service. */
export const resourceVariables = { database: 'DATABASE_URL', objectStore: 'OBJECT_STORE_URL' } as const;

/** By all three vendors' narrowest rule for names; what a value may be is each one's own. */
const labels = z
  .record(
    z
      .string()
      .regex(
        /^[a-z][a-z0-9_-]{0,62}$/,
        'expected a name of lower-case letters, digits, - and _, at most 63 characters',
      ),
    z.string().max(63),
  )
  .default({});

/** The keys of a stack file, in the order every stack file has them. A stack file never names an image. */
export const serviceConfig = z.strictObject({
  runtime: z.enum(runtimes),
  region: z.string().min(1),
  /** vCPUs, for instance 1 or 0.5. */
  cpu: z.number().positive(),
  memoryMiB: z.int().positive(),
  minInstances: z.int().nonnegative(),
  maxInstances: z.int().positive(),
  /** Requests one instance is given at a time before another instance is started. */
  concurrency: z.int().positive(),
  exposure: z.enum(['public', 'private']),
  /** Refuse to delete the service's resources. */
  protect: z.boolean(),
  /** Plain settings of the service. */
  env: z.record(
    z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected a variable name of upper-case letters, digits and _'),
    z.string(),
  ),
  /** Variable name to the name of a secret in the cloud's own secret manager; never the secret itself. */
  secrets: z.record(
    z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected a variable name of upper-case letters, digits and _'),
    z.string(),
  ),
  // From here on a key may be left out.
  /** The account, project or subscription the stack lives in; left out: the one that is logged in to. */
  account: z.string().min(1).optional(),
  /** Average CPU in percent at which another instance is started, where the platform scales by CPU. */
  cpuTarget: z.int().min(10).max(90).default(70),
  logRetentionDays: z.int().positive().default(30),
  /** Left out: nobody is woken. */
  alarms: alarmConfig.optional(),
  /** A request to the readiness route from outside every few minutes. */
  uptimeCheck: z.boolean().default(false),
  dashboard: z.boolean().default(false),
  /** `predict.example.org`; TLS certificate and renewal are the platform's. */
  domain: z
    .string()
    .regex(/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'expected a host name in lower case')
    .optional(),
  /** The vendor's names of an existing network, for private exposure and a private database. */
  network: z
    .record(z.string(), z.union([z.string(), z.array(z.string())], 'expected text or a list of texts'))
    .default({}),
  /** A managed database for the prediction log; its address reaches the container as the secret `DATABASE_URL`. */
  database: databaseConfig.optional(),
  /** An object store for models and the prediction log; its address reaches the container as `OBJECT_STORE_URL`. */
  objectStore: z.boolean().default(false),
  /** Tags or labels of every resource beside the platform's own, by which costs are told apart. */
  labels,
});
export type ServiceConfig = z.infer<typeof serviceConfig>;
export const serviceConfigKeys = Object.keys(serviceConfig.shape) as (keyof ServiceConfig)[];

const repositoryId = z.string().regex(/^\d+$/, 'expected a number, as text: gh api repos/OWNER/REPOSITORY --jq .id');

/** The one repository on GitHub whose workflows may deploy. Names can be given up and taken by others; ids can't. */
export const trustedRepository = z.strictObject({
  owner: z.string().min(1),
  ownerId: repositoryId,
  repository: z.string().min(1),
  repositoryId,
  /** Repositories made before 15 July 2026 send the form without ids until they are renamed or opt in. */
  legacySubject: z.boolean().default(false),
  /** `pinned`: the subject ends with the workflow file, by the `github` stack's `oidcSubject`. `plain`: GitHub's default. */
  subjectForm: z.enum(['pinned', 'plain']).default('pinned'),
});
export type TrustedRepository = z.infer<typeof trustedRepository>;

/** Who deploys, by what it may touch. */
export const deployIdentities = ['deploy-dev', 'deploy-prod', 'plan'] as const;
export type DeployIdentity = (typeof deployIdentities)[number];

export const foundationConfig = z.strictObject({
  region: z.string().min(1),
  /** Account, project or subscription of each environment; left out: all in the one that is logged in to. */
  accounts: z.partialRecord(z.enum(environments), z.string().min(1)).default({}),
  /** Left out: no trust and no deploy identities are made, and only people deploy. */
  github: trustedRepository.optional(),
  /** Who is told by alarms. Left out: alarms are made and tell nobody. */
  alarmEmail: z.email().optional(),
  /** Make the versioned bucket in which Pulumi keeps its state. */
  stateBucket: z.boolean().default(false),
  /** A foundation is of one cloud, and its names are that vendor's to judge. */
  labels: z.record(z.string().min(1), z.string()).default({}),
});
export type FoundationConfig = z.infer<typeof foundationConfig>;

/** What `<cloud>-foundation` gives to the service stacks of that cloud and to publishing. */
export interface FoundationOutputs {
  /** Vendor host and repository, without digest: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme`. */
  readonly repository: string;
  /** The identity the runtime pulls with: AWS role ARN, GCP service account email, Azure identity resource id. */
  readonly pullIdentity: string;
  /** Whatever else this cloud's component needs from its foundation, by name; `alarmChannel` in all of them. */
  readonly details: Readonly<Record<string, string>>;
}

/**
 * `candidate`: put the release where it takes no traffic (a slot, a tagged revision), leave `current` live. `share`: give the candidate
 * some of the traffic. `live`: give it all.
 */
export const stages = ['candidate', 'share', 'live'] as const;
export type Stage = (typeof stages)[number];

/** A stage, and how many of a hundred requests the candidate gets in it; only in the stage `share`. */
export interface Staged {
  readonly stage: Stage;
  /** Above 0, below 100. */
  readonly sharePercent?: number | undefined;
}

/** One release as a component needs it. */
export interface ReleaseArgs extends ReleaseIdentity {
  /** By digest, in this cloud's own registry. */
  readonly imageRef: string;
}

/** What a stack runs, by the outputs of its last deployment. */
export interface CurrentRelease extends ReleaseArgs {
  /** The runtime's own name for it, by which it keeps its traffic. */
  readonly revision: string;
  /** Where the candidate answers, when one was put there. */
  readonly candidateEndpoint?: string | undefined;
  /** When the secrets it reads were last rotated. */
  readonly secretsAsOf?: string | undefined;
  /** How often it had failed here before it was taken. */
  readonly retry?: number | undefined;
}

export interface PredictionServiceArgs extends Staged {
  readonly stack: Stack;
  readonly config: ServiceConfig;
  /** Of what stays live beside `release`; only before the stage `live`, and only where something is live. */
  readonly liveConfig?: ServiceConfig | undefined;
  readonly foundation: {
    readonly pullIdentity: Input<string>;
    readonly details: Input<Record<string, string>>;
  };
  readonly release: ReleaseArgs;
  /** What the stack runs now; what stays live until the stage `live`. Absent on the first deployment. */
  readonly current?: CurrentRelease;
}

/** What every component gives back, and every service stack outputs. */
export interface PredictionServiceOutputs {
  /** Base URL, no trailing slash. */
  readonly endpoint: Output<string>;
  /** The runtime's own name for what it runs now. */
  readonly revision: Output<string>;
  /** Base URL where a candidate is proven; only where the runtime contract has a place for one and the stack uses it. */
  readonly candidateEndpoint?: Output<string | undefined>;
  /** The vendor's own names, as the prover asks for them: a service ARN, a resource path. */
  readonly coordinates: Output<Record<string, string>>;
}

/** The outputs of a service stack as read back from Pulumi's state. */
export const deployedService = z.object({
  endpoint: z.string(),
  revision: z.string(),
  candidateEndpoint: z.string().optional(),
  coordinates: z.record(z.string(), z.string()),
  /** How many of a hundred requests the candidate gets; absent at 0. */
  sharePercent: z.number().positive().lt(100).optional(),
  /** When its secrets were last rotated; absent where they never were. New instances are started whenever it changes. */
  secretsAsOf: z.string().optional(),
  /** How often what is live had failed here before; absent at 0. New instances are started whenever it changes. */
  retry: z.int().positive().optional(),
  /** What is live. */
  release: z.object({ releaseId: z.string(), imageDigest: z.string(), buildId: z.string(), imageRef: z.string() }),
});
export type DeployedService = z.infer<typeof deployedService> & {
  /** On which it runs, by the resource in its state that answers; absent where nobody can tell. No output. */
  readonly runtime?: RuntimeName | undefined;
};

/** `https://` for any host but loopback, where emulated services listen in plain HTTP. */
export function endpointOf(host: string): string {
  if (/^https?:\/\//.test(host)) return host.replace(/\/+$/, '');
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) ? `http://${host}` : `https://${host}`;
}
