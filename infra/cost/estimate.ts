// What a stack costs a month, idle and at a stated load; what a foundation costs. Pure: stack files and the price table in, tables out.
import type { RuntimeContract } from '../contract/runtime.ts';
import type { FoundationConfig, ServiceConfig } from '../contract/service.ts';
import type { Cloud, Stack } from '../contract/stack.ts';
import { type Costs, costsOf, type Part } from './lines.ts';
import { busyShare, type Load, type Sizing, sizingFor } from './load.ts';
import { partsOf } from './parts.ts';
import type { PriceTable } from './prices.ts';
import { type Charge, runtimePrices } from './runtime-prices.ts';

export interface ServiceWish {
  readonly stack: Stack;
  readonly config: ServiceConfig;
  readonly contract: RuntimeContract;
}

/** @param load left out: nobody asks anything all month. */
export function serviceCosts({ stack, config, contract }: ServiceWish, table: PriceTable, load?: Load): Costs {
  const sizing = sizingFor(config, contract, load);
  const parts = [
    ...instanceParts({ stack, config, contract }, sizing, table, load),
    ...partsOf(stack, config, table, load),
  ];
  return costsOf(table, config.region, parts, sizing.notes);
}

function instanceParts(
  { stack, config }: ServiceWish,
  sizing: Sizing,
  table: PriceTable,
  load: Load | undefined,
): readonly Part[] {
  const prices = runtimePrices[config.runtime](config, stack);
  const { hoursPerMonth: hours } = table;
  const { instances, least } = sizing;
  const share = shareAtWork(prices.leastWorkSeconds, instances, load);
  const working = instances * share;
  const waiting = Math.max(0, (prices.waitsBeyondLeast ? instances : Math.min(instances, least)) - working);
  const charged = (charges: readonly Charge[], count: number): Part[] =>
    charges.map(({ what, price, perHour }) => ({ what, price, quantity: perHour * count * hours }));
  const requests = ((load?.requestsPerSecond ?? 0) * 3600 * hours) / 1e6;
  const { perMillionRequests: perMillion } = prices;
  return [
    ...together([...charged(prices.working, working), ...charged(prices.waiting, waiting)]),
    ...prices.service.map(({ what, price, hourly, units }) => ({
      what,
      price,
      quantity: units * (hourly ? hours : 1),
    })),
    ...(perMillion === undefined ? [] : [{ ...perMillion, quantity: requests }]),
  ];
}

/** An instance whose vendor counts time, not work, is always at work or always waiting: the price is the same. */
function shareAtWork(leastWorkSeconds: number | undefined, instances: number, load: Load | undefined): number {
  if (load === undefined || leastWorkSeconds === undefined) return 0;
  return busyShare(load, instances, leastWorkSeconds);
}

/** What has one price is one line. */
function together(parts: readonly Part[]): readonly Part[] {
  const sums = new Map<string, Part>();
  for (const part of parts) {
    const known = sums.get(part.price);
    sums.set(part.price, { ...part, quantity: part.quantity + (known?.quantity ?? 0) });
  }
  return [...sums.values()];
}

/** Registry with its images, scanning, and the bucket of states; identities, trust and alarm channels cost nothing. */
export function foundationCosts(cloud: Cloud, config: FoundationConfig, table: PriceTable): Costs {
  const { registryGiB, releasesPerMonth } = table.assumed;
  const state = config.stateBucket ? 1 : 0;
  const parts: Readonly<Record<Cloud, readonly Part[]>> = {
    aws: [
      { what: 'images', price: 'ecr-storage', quantity: registryGiB },
      { what: 'Pulumi’s state', price: 's3-storage', quantity: state },
    ],
    gcp: [
      { what: 'images', price: 'artifact-storage', quantity: registryGiB },
      { what: 'images scanned', price: 'artifact-scan', quantity: releasesPerMonth },
      { what: 'Pulumi’s state', price: 'gcs-storage', quantity: state },
    ],
    azure: [
      { what: 'registry, with 10 GB of images', price: 'acr-basic', quantity: table.hoursPerMonth / 24 },
      { what: 'Pulumi’s state, in two regions', price: 'azure-blob-grs', quantity: state },
    ],
  };
  return costsOf(table, config.region, parts[cloud]);
}
