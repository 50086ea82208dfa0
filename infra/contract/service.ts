// The service contract: what a stack says about a prediction service, what a component takes, what it gives back.
import type { Input, Output } from '@pulumi/pulumi';
import { z } from 'zod';
import type { ReleaseIdentity } from './release.ts';
import type { Stack } from './stack.ts';

export const runtimes = ['app-runner', 'cloud-run', 'app-service'] as const;
export type RuntimeName = (typeof runtimes)[number];

/** The port the one image listens on, everywhere. */
export const servicePort = 8080;
/** Answers 200 only when the model is loaded, checked and warm. */
export const readyPath = '/v2/health/ready';
export const livePath = '/v2/health/live';
export const versionPath = '/version';

/** Container variables every component sets; the service reports the two release ones at `/version`. */
export const identityVariables = { releaseId: 'RELEASE_ID', imageDigest: 'IMAGE_DIGEST' } as const;

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
  env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected an upper-case variable name'), z.string()),
  /** Variable name to the name of a secret in the cloud's own secret manager; never the secret itself. */
  secrets: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected an upper-case variable name'), z.string()),
});
export type ServiceConfig = z.infer<typeof serviceConfig>;
export const serviceConfigKeys = Object.keys(serviceConfig.shape) as (keyof ServiceConfig)[];

export const foundationConfig = z.strictObject({ region: z.string().min(1) });
export type FoundationConfig = z.infer<typeof foundationConfig>;

/** What `<cloud>-foundation` gives to the service stacks of that cloud and to publishing. */
export interface FoundationOutputs {
  /** Vendor host and repository, without digest: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme`. */
  readonly repository: string;
  /** The identity the runtime pulls with: AWS role ARN, GCP service account email, Azure identity resource id. */
  readonly pullIdentity: string;
  /** Whatever else this cloud's component needs from its foundation, by name. */
  readonly details: Readonly<Record<string, string>>;
}

/** `candidate`: put the release where it takes no traffic (a slot), leave `current` live. `live`: give it the traffic. */
export type Stage = 'candidate' | 'live';

/** One release as a component needs it. */
export interface ReleaseArgs extends ReleaseIdentity {
  /** By digest, in this cloud's own registry. */
  readonly imageRef: string;
}

export interface PredictionServiceArgs {
  readonly stack: Stack;
  readonly config: ServiceConfig;
  readonly foundation: {
    readonly pullIdentity: Input<string>;
    readonly details: Input<Record<string, string>>;
  };
  readonly release: ReleaseArgs;
  readonly stage: Stage;
  /** What the stack runs now; for a `candidate` stage, what stays live. Absent on the first deployment. */
  readonly current?: ReleaseArgs;
}

/** What every component gives back, and every service stack outputs. */
export interface PredictionServiceOutputs {
  /** Base URL, no trailing slash. */
  readonly endpoint: Output<string>;
  /** The runtime's own name for what it runs now. */
  readonly revision: Output<string>;
  /** Base URL of the slot where a candidate is proven; only where the runtime contract has slots and the stack uses one. */
  readonly candidateEndpoint?: Output<string>;
  /** The vendor's own names, as the prover asks for them: a service ARN, a resource path. */
  readonly coordinates: Output<Record<string, string>>;
}

/** The outputs of a service stack as read back from Pulumi's state. */
export const deployedService = z.object({
  endpoint: z.string(),
  revision: z.string(),
  candidateEndpoint: z.string().optional(),
  coordinates: z.record(z.string(), z.string()),
  /** What is live. */
  release: z.object({ releaseId: z.string(), imageDigest: z.string(), buildId: z.string(), imageRef: z.string() }),
});
export type DeployedService = z.infer<typeof deployedService>;

/** `https://` for any host but loopback, where emulated services listen in plain HTTP. */
export function endpointOf(host: string): string {
  if (/^https?:\/\//.test(host)) return host.replace(/\/+$/, '');
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) ? `http://${host}` : `https://${host}`;
}
