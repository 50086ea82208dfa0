import { expect, it } from 'vitest';
import { planForBoth } from '../../clouds/azure/app-service/limits.ts';
import { commonConfig } from '../../clouds/common-config.ts';
import { type ServiceConfig, serviceConfig } from '../../contract/service.ts';

const configOf = (over: Record<string, unknown>): ServiceConfig =>
  serviceConfig.parse({
    runtime: 'app-service',
    region: 'westeurope',
    cpu: 1,
    memoryMiB: 4096,
    minInstances: 2,
    maxInstances: 2,
    concurrency: 10,
    exposure: 'public',
    protect: true,
    env: {},
    secrets: {},
    ...over,
  });
const small = { engine: 'mysql', size: 'Standard_B1ms', storageGiB: 20 };
const large = { ...small, storageGiB: 40 };

it.each([
  ['is the candidate’s where nothing is live', { minInstances: 1 }, undefined, { minInstances: 1 }],
  ['stays as the live release has it', { minInstances: 1, labels: { team: 'b' } }, {}, { minInstances: 2, labels: {} }],
  [
    'has what only the candidate needs',
    { objectStore: true, database: small },
    {},
    { objectStore: true, database: small },
  ],
  [
    'keeps what only the live release needs',
    {},
    { objectStore: true, database: small },
    { objectStore: true, database: small },
  ],
  ['changes nothing under the live release', { database: large }, { database: small }, { database: small }],
  [
    'lets each read its secrets',
    { secrets: { A: 'k/new' } },
    { secrets: { B: 'k/b' } },
    { secrets: { A: 'k/new', B: 'k/b' } },
  ],
])('what both use %s', (_, own, live, expected) => {
  const liveConfig = live === undefined ? undefined : configOf(live);
  expect(commonConfig({ config: configOf(own), liveConfig })).toMatchObject(expected);
});

it.each([
  ['grows with a candidate that needs more', 8192, 4096, 'P1v3'],
  ['stays as large as what is live', 4096, 8192, 'P1v3'],
])('the plan of a site and its slot %s', (_, own, live, name) => {
  const sized = (memoryMiB: number) => configOf({ memoryMiB, cpu: memoryMiB / 4096 });
  const both = { config: sized(own), liveConfig: sized(live) };
  expect(planForBoth(both, { environment: 'prod' })?.name).toBe(name);
});
