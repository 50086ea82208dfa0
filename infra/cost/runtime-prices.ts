// How each runtime is charged for, as data: what an instance costs while it works, while it waits, and what a service costs at all.
import { planFor } from '../clouds/azure/app-service/limits.ts';
import type { RuntimeName, ServiceConfig } from '../contract/service.ts';
import type { Stack } from '../contract/stack.ts';

/** One thing an instance is charged by the hour. */
export interface Charge {
  readonly what: string;
  /** Its name in the price table. */
  readonly price: string;
  /** Units an instance takes in an hour. */
  readonly perHour: number;
}

export interface RuntimePrices {
  /** While it works on a request. */
  readonly working: readonly Charge[];
  /** While it is kept without one. */
  readonly waiting: readonly Charge[];
  /** Are instances beyond the least charged while they wait to be taken away? */
  readonly waitsBeyondLeast: boolean;
  /** The vendor's smallest span of work for one request, in seconds; `undefined`: an instance that is there is charged, working or not. */
  readonly leastWorkSeconds?: number;
  /** Of the service, whatever its instances do: units a month. */
  readonly service: readonly {
    readonly what: string;
    readonly price: string;
    readonly hourly: boolean;
    readonly units: number;
  }[];
  readonly perMillionRequests?: { readonly what: string; readonly price: string };
}

type Sized = Pick<ServiceConfig, 'cpu' | 'memoryMiB' | 'network'>;

export const runtimePrices: Readonly<
  Record<RuntimeName, (config: Sized, stack: Pick<Stack, 'environment'>) => RuntimePrices>
> = {
  // Memory as long as an instance is there, CPU while it works, at least a minute: https://aws.amazon.com/apprunner/pricing/
  'app-runner': ({ cpu, memoryMiB }) => {
    const memory = { what: 'memory', price: 'app-runner-memory', perHour: memoryMiB / 1024 };
    return {
      working: [{ what: 'CPU, active', price: 'app-runner-vcpu', perHour: cpu }, memory],
      waiting: [memory],
      waitsBeyondLeast: false,
      leastWorkSeconds: 60,
      service: [],
    };
  },
  // Fargate tasks and the load balancer that ECS makes, in two zones with public addresses: https://aws.amazon.com/ecs/pricing/
  'ecs-express': ({ cpu, memoryMiB }) => {
    const task = [
      { what: 'CPU', price: 'fargate-vcpu', perHour: cpu },
      { what: 'memory', price: 'fargate-memory', perHour: memoryMiB / 1024 },
      { what: 'public address', price: 'public-ipv4', perHour: 1 },
    ];
    return {
      working: task,
      waiting: task,
      waitsBeyondLeast: true,
      service: [
        { what: 'load balancer, as if no other service shared it', price: 'load-balancer', hourly: true, units: 1 },
        { what: 'load balancer’s capacity', price: 'load-balancer-capacity', hourly: true, units: 1 },
        { what: 'load balancer’s addresses', price: 'public-ipv4', hourly: true, units: 2 },
      ],
    };
  },
  // CPU is idle between requests: https://cloud.google.com/run/pricing
  'cloud-run': ({ cpu, memoryMiB }) => {
    const seconds = 3600;
    const gib = (memoryMiB / 1024) * seconds;
    return {
      working: [
        { what: 'CPU, active', price: 'cloud-run-vcpu', perHour: cpu * seconds },
        { what: 'memory, active', price: 'cloud-run-memory', perHour: gib },
      ],
      waiting: [
        { what: 'CPU, idle', price: 'cloud-run-idle-vcpu', perHour: cpu * seconds },
        { what: 'memory, idle', price: 'cloud-run-idle-memory', perHour: gib },
      ],
      waitsBeyondLeast: false,
      leastWorkSeconds: 0.1,
      service: [],
      perMillionRequests: { what: 'requests', price: 'cloud-run-requests' },
    };
  },
  // A worker is charged as long as the plan has it; the slot runs on the same workers: https://azure.microsoft.com/pricing/details/app-service/linux/
  'app-service': (config, stack) => {
    const name = planFor(config, stack)?.name ?? 'no such plan';
    const worker = [{ what: `worker ${name}`, price: `app-service-${name}`, perHour: 1 }];
    return { working: worker, waiting: worker, waitsBeyondLeast: true, service: [] };
  },
};
