// What the parts of the emulated clouds share: handlers that speak a vendor's own wire protocol, however they are reached, and the registries.
import type { Cloud } from '../contract/stack.ts';
import type { RefusalFault } from './providers/refusing.ts';

/** One HTTP exchange, free of any transport: a provider calls a handler in process, everybody else through `listen.ts`. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, as sent: `/v2/projects/p/locations/l/services?serviceId=x`. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
export interface WireResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}
export type Handler = (request: WireRequest) => Promise<WireResponse>;

/** The control planes, by the API each one answers: the boundary between providers and runtimes is the vendors' own API. */
export interface ControlPlanes {
  /** App Runner, JSON 1.0: `POST /` with `x-amz-target: AppRunner.<Operation>`. */
  readonly appRunner: Handler;
  /** ECS, JSON 1.1: `POST /` with `x-amz-target: AmazonEC2ContainerServiceV20141113.<Operation>`. */
  readonly ecs: Handler;
  /** Cloud Run Admin API v2. */
  readonly cloudRun: Handler;
  /** Azure Resource Manager, `Microsoft.Web`. */
  readonly arm: Handler;
}

export interface EmulatedRegistry {
  /** The vendor's host as resources name it: `123456789012.dkr.ecr.eu-west-1.amazonaws.com`. */
  readonly host: string;
  /** Where it really listens: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Pushing to a repository that was not created is refused where the vendor refuses it. Creating twice is an error. */
  createRepository(name: string, options?: { readonly immutableTags?: boolean }): void;
  deleteRepository(name: string): void;
}

export interface World {
  /** How many times faster than the real platform its waiting passes; 1 is real time. */
  readonly timeScale: number;
  readonly controlPlanes: ControlPlanes;
  readonly registries: Readonly<Record<Cloud, EmulatedRegistry>>;
  /** Where AWS's provider puts what its secrets hold, for the containers that name them. Left out: such containers don't start. */
  readonly secrets?: Map<string, string>;
  /** What the clouds refuse just now; left out: nothing beyond what their own rules say. */
  readonly refusals?: () => readonly RefusalFault[];
}

/** The made-up accounts of the emulated clouds. */
export const accounts = {
  aws: { accountId: '123456789012' },
  gcp: { project: 'trireme-emulated', projectNumber: '123456789012' },
  azure: {
    subscriptionId: '00000000-0000-4000-8000-000000000001',
    otherSubscriptionId: '00000000-0000-4000-8000-000000000005',
    tenantId: '00000000-0000-4000-8000-000000000002',
  },
} as const;
