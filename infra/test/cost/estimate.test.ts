import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { planSizes } from '../../clouds/azure/app-service/limits.ts';
import { runtimeRegistry } from '../../clouds/index.ts';
import {
  foundationConfig,
  type RuntimeName,
  runtimes,
  type ServiceConfig,
  serviceConfig,
} from '../../contract/service.ts';
import { type Cloud, parseStack } from '../../contract/stack.ts';
import { foundationCosts, serviceCosts } from '../../cost/estimate.ts';
import { busyShare, sizingFor } from '../../cost/load.ts';
import { continentOf, parsePrices, quote } from '../../cost/prices.ts';

const table = parsePrices(await readFile(new URL('../../cost/prices.yaml', import.meta.url), 'utf8'));

const regions: Readonly<Record<RuntimeName, string>> = {
  'app-runner': 'eu-west-1',
  'ecs-express': 'eu-west-1',
  'cloud-run': 'europe-west1',
  'app-service': 'westeurope',
};

function configOf(runtime: RuntimeName, change: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    ...serviceConfig.parse({
      ...{ runtime, region: regions[runtime], cpu: 1, memoryMiB: runtime === 'app-service' ? 4096 : 2048 },
      ...{
        minInstances: 1,
        maxInstances: 4,
        concurrency: 50,
        exposure: 'public',
        protect: false,
        env: {},
        secrets: {},
      },
    }),
    ...change,
  };
}

function costs(
  runtime: RuntimeName,
  change: Partial<ServiceConfig> = {},
  requestsPerSecond?: number,
  milliseconds = 20,
) {
  const { contract } = runtimeRegistry[runtime];
  const stack = parseStack(`${contract.cloud}-prod`);
  const load = requestsPerSecond === undefined ? undefined : { requestsPerSecond, milliseconds };
  return serviceCosts({ stack, config: configOf(runtime, change), contract }, table, load);
}
const monthly = (found: ReturnType<typeof costs>, what: RegExp) =>
  found.lines.filter((line) => what.test(line.what)).reduce((sum, line) => sum + line.monthly, 0);

describe('instances that a load takes', () => {
  test.each([
    // runtime, requests a second, milliseconds, min, max, wanted, instances
    ['app-runner', 100, 1000, 1, 4, 2, 2],
    ['app-runner', 101, 1000, 1, 4, 3, 3],
    ['app-runner', 1, 10, 2, 4, 1, 2],
    ['app-runner', 1000, 1000, 1, 4, 20, 4],
    // Sixty percent of 50 is 30.
    ['cloud-run', 100, 1000, 0, 4, 4, 4],
    ['cloud-run', 90, 1000, 0, 4, 3, 3],
    ['cloud-run', 0.001, 1, 0, 4, 1, 1],
    ['ecs-express', 100, 1000, 1, 4, 2, 2],
    ['app-service', 100, 1000, 1, 4, 2, 2],
  ] as const)(
    '%s: %d a second of %d ms, %d to %d: %d wanted, %d there',
    (runtime, requestsPerSecond, milliseconds, minInstances, maxInstances, wanted, instances) => {
      const sizing = sizingFor({ minInstances, maxInstances, concurrency: 50 }, runtimeRegistry[runtime].contract, {
        requestsPerSecond,
        milliseconds,
      });
      expect(sizing).toMatchObject({ wanted, instances });
      expect(sizing.notes.some((note) => note.includes('is not enough'))).toBe(wanted > maxInstances);
    },
  );

  test.each(runtimes)('%s idle: what its contract keeps', (runtime) => {
    const { contract } = runtimeRegistry[runtime];
    const { instances } = sizingFor({ minInstances: 0, maxInstances: 4, concurrency: 50 }, contract, undefined);
    expect(instances).toBe(contract.scaleToZero.value ? 0 : 1);
  });

  test.each([
    [{ requestsPerSecond: 1, milliseconds: 1000 }, 1, 0, 1 - Math.exp(-1)],
    [{ requestsPerSecond: 1, milliseconds: 1 }, 1, 60, 1],
    [{ requestsPerSecond: 2, milliseconds: 50 }, 2, 0.1, 1 - Math.exp(-0.1)],
    [{ requestsPerSecond: 2, milliseconds: 50 }, 0, 0.1, 0],
  ])('%o on %d instances is at work', (load, instances, least, share) => {
    expect(busyShare(load, instances, least)).toBeCloseTo(share, 6);
  });
});

describe('a month of', () => {
  test.each([
    // 730 h × 2 GB × 0.007
    ['App Runner idle', costs('app-runner'), /memory|CPU/, 10.22],
    // and 730 h × 0.064, since each second has a request in it
    ['App Runner busy', costs('app-runner', {}, 20), /memory|CPU/, 10.22 + 46.72],
    // 730 h × (0.04048 + 2 × 0.004445), busy or not
    ['Fargate', costs('ecs-express'), /^(memory|CPU)/, 36.04],
    ['Fargate busy', costs('ecs-express', {}, 20), /^(memory|CPU)/, 36.04],
    // 2 628 000 s × 0.0000025 × (1 + 2)
    ['Cloud Run idle', costs('cloud-run'), /memory|CPU/, 19.71],
    ['Cloud Run scaled to zero', costs('cloud-run', { minInstances: 0 }), /memory|CPU/, 0],
    // 2 628 000 s, at work all the time, × (0.000024 + 2 × 0.0000025)
    ['Cloud Run busy', costs('cloud-run', {}, 25, 1000), /memory|CPU/, 76.21],
    ['Cloud Run’s requests', costs('cloud-run', {}, 25, 1000), /requests/, 26.28],
    // 1460 h × 0.101
    ['two workers', costs('app-service', { minInstances: 2 }), /worker/, 147.46],
  ] as const)('%s', (_, found, what, expected) => {
    expect(monthly(found, what)).toBeCloseTo(expected, 1);
    expect(found.total).toBeCloseTo(
      found.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0),
      6,
    );
  });

  test.each([
    ['aws', { alarms: { errorRatePercent: 1, latencyMilliseconds: 1, notReadyMinutes: 1 } }, 'alarms'],
    ['aws', { uptimeCheck: true }, 'uptime check'],
    ['aws', { dashboard: true }, 'dashboard'],
    ['aws', { objectStore: true }, 'object store'],
    ['aws', { database: { engine: 'mysql', size: 'db.t4g.micro', storageGiB: 20 } }, 'database db.t4g.micro'],
    ['gcp', { uptimeCheck: true }, 'uptime check'],
    ['gcp', { database: { engine: 'mysql', size: 'db-f1-micro', storageGiB: 20 } }, 'database db-f1-micro'],
    ['azure', { exposure: 'private' }, 'private endpoint'],
    ['azure', { database: { engine: 'postgresql', size: 'Standard_B1ms', storageGiB: 32 } }, 'database Standard_B1ms'],
  ] as const)('%s with %o has a line of %s, and none without', (cloud, change, what) => {
    const runtime = { aws: 'app-runner', gcp: 'cloud-run', azure: 'app-service' } as const;
    expect(costs(runtime[cloud], change).lines.map((line) => line.what)).toContain(what);
    expect(costs(runtime[cloud]).lines.map((line) => line.what)).not.toContain(what);
  });

  test('ECS Express Mode counts its request log where App Runner has metrics, and needs no endpoint to be private', () => {
    const network = { vpc: 'vpc-1', subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'] };
    const alarms = { errorRatePercent: 1, latencyMilliseconds: 1, notReadyMinutes: 1 };
    const asked = { alarms, exposure: 'private', network } as const;
    const quantities = (runtime: 'app-runner' | 'ecs-express') =>
      Object.fromEntries(costs(runtime, asked).lines.map(({ what, quantity }) => [what, quantity]));
    expect(quantities('ecs-express')).toMatchObject({ 'metrics of the request log': 4, alarms: 4 });
    expect(quantities('ecs-express')).not.toHaveProperty('interface endpoint');
    expect(quantities('app-runner')).toMatchObject({ alarms: 5, 'interface endpoint': 2 * 730 });
    expect(quantities('app-runner')).not.toHaveProperty('metrics of the request log');
  });
});

describe('what is not known is said', () => {
  test('a machine without a price stays out of the total, with a note', () => {
    const found = costs('app-runner', { database: { engine: 'mysql', size: 'db.x9.huge', storageGiB: 20 } });
    expect(found.notes).toContain('database db.x9.huge: no price of rds-db.x9.huge is known; not in the total');
  });

  test.each([
    ['ap-northeast-1', 'eu-west-1'],
    ['us-west-2', 'us-east-1'],
    ['eu-central-1', 'eu-west-1'],
  ])('prices of %s are those of %s, not confirmed', (region, nearest) => {
    expect(
      quote(
        {
          ...table,
          prices: {
            a: { unit: 'x', at: { 'eu-west-1': 2, 'us-east-1': 1 }, page: 'https://a.example', confirmed: true },
          },
        },
        'a',
        region,
      ),
    ).toMatchObject({ nearest, confirmed: false });
    const found = costs('ecs-express', { region });
    expect(found.lines.find((line) => line.what === 'load balancer, as if no other service shared it')).toMatchObject({
      pricedAs: nearest,
    });
    expect(found.notes.join()).toContain(`no prices of ${region} are known`);
  });

  test.each([
    ['eu-west-1', 'europe'],
    ['westeurope', 'europe'],
    ['uksouth', 'europe'],
    ['us-east-1', 'north-america'],
    ['eastus', 'north-america'],
    ['westus2', 'north-america'],
    ['us-central1', 'north-america'],
    ['asia-east1', 'asia'],
    ['australiaeast', 'asia'],
    ['southafricanorth', 'africa'],
    ['brazilsouth', 'south-america'],
    ['sa-east-1', 'south-america'],
    ['moon-1', undefined],
  ])('%s is in %s', (region, continent) => {
    expect(continentOf(region)).toBe(continent);
  });
});

test('every App Service plan has a price, and every price a page of its vendor', () => {
  for (const { name } of planSizes) expect(Object.keys(table.prices)).toContain(`app-service-${name}`);
  for (const { page } of Object.values(table.prices)) {
    expect(page).toMatch(/^https:\/\/(aws\.amazon\.com|cloud\.google\.com|azure\.microsoft\.com)\//);
  }
});

test.each(['aws', 'gcp', 'azure'] satisfies Cloud[])(
  'the foundation of %s costs little, more with a bucket for the state',
  (cloud) => {
    const region = { aws: 'eu-west-1', gcp: 'europe-west1', azure: 'westeurope' }[cloud];
    const [without, within] = [false, true].map((stateBucket) =>
      foundationCosts(cloud, foundationConfig.parse({ region, stateBucket }), table),
    );
    expect(without?.total).toBeGreaterThan(0);
    expect(without?.total).toBeLessThan(10);
    expect(within?.total).toBeGreaterThan(without?.total ?? Number.NaN);
  },
);
