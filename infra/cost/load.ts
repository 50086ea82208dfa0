// How many instances a load takes, and how much of the time they are at work: by Little's law and the runtime contract. Pure.
import type { RuntimeContract } from '../contract/runtime.ts';
import type { ServiceConfig } from '../contract/service.ts';

export interface Load {
  readonly requestsPerSecond: number;
  /** Mean time of an answer. */
  readonly milliseconds: number;
}

export interface Sizing {
  /** Kept though nobody asks. */
  readonly least: number;
  readonly instances: number;
  /** What the load would take if there were no most. */
  readonly wanted: number;
  /** Requests under way at a time, on average. */
  readonly concurrent: number;
  readonly notes: readonly string[];
}

type Sized = Pick<ServiceConfig, 'minInstances' | 'maxInstances' | 'concurrency'>;
type Scaling = Pick<RuntimeContract, 'autoscaling' | 'scaleToZero' | 'product'>;

/** Requests under way = arrivals a second × seconds each (L = λW). An instance takes what the platform's rule lets it have. */
export function sizingFor(config: Sized, contract: Scaling, load: Load | undefined): Sizing {
  const least = contract.scaleToZero.value ? config.minInstances : Math.max(1, config.minInstances);
  if (load === undefined) return { least, instances: least, wanted: least, concurrent: 0, notes: [] };
  const { metric, target } = contract.autoscaling.value;
  const share = target.of === 'concurrency' ? target.share : 1;
  const concurrent = (load.requestsPerSecond * load.milliseconds) / 1000;
  const wanted = Math.max(
    load.requestsPerSecond > 0 ? 1 : 0,
    Math.ceil(concurrent / (config.concurrency * share) - 1e-9),
  );
  const instances = Math.min(Math.max(wanted, least), Math.max(config.maxInstances, least));
  return {
    least,
    instances,
    wanted,
    concurrent,
    notes: [
      ...(wanted > config.maxInstances
        ? [`maxInstances ${config.maxInstances} is not enough: this load takes ${wanted}`]
        : []),
      ...(metric === 'cpu'
        ? [
            `${contract.product} scales by CPU: what one instance carries is taken from concurrency, ${config.concurrency}`,
          ]
        : []),
    ],
  };
}

/**
 * Part of the time in which an instance works on at least one request: requests come at random and each holds it for its own time, at
 * least for what the vendor counts (a queue with room for all, M/G/∞: 1 − e^−load).
 * @param leastSeconds the vendor's smallest span for one request
 */
export function busyShare(load: Load, instances: number, leastSeconds: number): number {
  if (instances <= 0) return 0;
  const held = Math.max(load.milliseconds / 1000, leastSeconds);
  return 1 - Math.exp((-load.requestsPerSecond * held) / instances);
}
