// The runtime contract: what a platform promises the container. Data, one file per runtime in `clouds/<cloud>/<runtime>/runtime.ts`;
// the emulator enforces it, delivery branches on it, nothing branches on a cloud's name.
import type { RuntimeName } from './service.ts';
import type { Cloud } from './stack.ts';

/** A value and the vendor's page that says so. `source` is 'assumed: <why>' where the vendor publishes nothing. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
}

/** Instances wanted = ceil(measured / target), between the stack's bounds; of several measures the one that wants most wins. */
export interface AutoscalingRule {
  /** `concurrency`: requests under way per instance. `cpu`: average CPU in percent of what an instance has. */
  readonly metric: 'concurrency' | 'cpu';
  /** What an instance is meant to carry: a share of the stack's `concurrency`, or the stack's `cpuTarget`. */
  readonly target: { readonly of: 'concurrency' | 'cpuTarget'; readonly share: number };
  /** Above target for this long before one is added. */
  readonly outSeconds: number;
  /** Below target for this long before one is taken away. */
  readonly inSeconds: number;
  /** What is measured is averaged over this long; left out: a minute. */
  readonly windowSeconds?: number;
  /** Followed too, beside `metric`: average CPU in percent of what an instance has. */
  readonly cpuPercent?: number;
  /** A request that no instance has room for starts one at once, without waiting for an average. */
  readonly onDemand?: boolean;
  /** `one`: whatever the measure, one at a time. Left out: at once as many as are wanted. */
  readonly step?: 'one';
}

export interface RuntimeContract {
  readonly name: RuntimeName;
  readonly cloud: Cloud;
  /** The product's name as people say it: `App Runner`. */
  readonly product: string;
  /** Does the platform set `PORT` in the container? Where it does not, the component must. */
  readonly injectsPort: Sourced<boolean>;
  /** Variables the platform sets in every container, and how the emulator fills them. */
  readonly injects: Sourced<readonly string[]>;
  /** How a new instance is judged before it gets traffic. */
  readonly start: {
    /** Seconds between two probes. Shortened by `timeScale`. */
    readonly periodSeconds: Sourced<number>;
    readonly timeoutSeconds: Sourced<number>;
    /** Seconds after which a container that never passed is given up. Shortened by `timeScale`. */
    readonly limitSeconds: Sourced<number>;
  };
  /** A request that takes longer is cut with 504 (or the connection closed). Never scaled. */
  readonly requestDeadlineSeconds: Sourced<number>;
  /** From SIGTERM to SIGKILL. Never scaled. */
  readonly drainSeconds: Sourced<number>;
  /** Largest request body, answered 413 beyond; `null` where the vendor names none. */
  readonly bodyLimitBytes: Sourced<number | null>;
  /** Requests given to one instance at a time: the platform's default and its maximum (`null`: no cap per instance). */
  readonly concurrency: Sourced<{ readonly default: number | null; readonly max: number | null }>;
  /** Where a candidate runs beside what is live, under its own address and without traffic. `none`: what is deployed is live. */
  readonly candidate: Sourced<'slot' | 'tagged-revision' | 'none'>;
  /** Can the candidate be given some of people's requests before it gets all? `false` also where the platform shifts traffic by a rule of its own. */
  readonly share: Sourced<boolean>;
  readonly scaleToZero: Sourced<boolean>;
  /** By what the platform starts another instance, and how it goes back. Delays are shortened by `timeScale`. */
  readonly autoscaling: Sourced<AutoscalingRule>;
  /** What a first deployment of a bad image leaves behind. */
  readonly failedCreate: Sourced<'service-failed' | 'service-without-ready-revision' | 'site-answers-503'>;
  /** What an update to a bad image does. */
  readonly failedUpdate: Sourced<'silent-rollback' | 'failed-revision' | 'accepted-and-dead'>;
  /** Seconds the platform takes to provision before it starts a container; what the emulator waits. Shortened by `timeScale`. */
  readonly provisionSeconds: Sourced<number>;
  /** How often a prover asks, and how long it keeps asking. Shortened by `timeScale`. */
  readonly poll: Sourced<{ readonly everySeconds: number; readonly forSeconds: number }>;
  /** The vendor's own metrics of requests: the shortest span they tell apart, and how late they are. Emulated ones tell each second, at once. */
  readonly requestMetrics: Sourced<{ readonly periodSeconds: number; readonly lateSeconds: number }>;
}
