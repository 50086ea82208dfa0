import { describe, expect, it } from 'vitest';
import { appServiceFaults } from '../../../clouds/azure/app-service/limits.ts';
import { tierOf } from '../../../clouds/azure/limits.ts';
import { networkOf } from '../../../clouds/azure/network.ts';
import { serviceConfig } from '../../../contract/service.ts';

const network = '/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network';
const subnet = `${network}/virtualNetworks/hub/subnets/one`;
const zone = `${network}/privateDnsZones/trireme.private.postgres.database.azure.com`;
const networks = { outboundSubnet: subnet, databaseSubnet: subnet, databaseDnsZone: zone };
const base = {
  runtime: 'app-service',
  region: 'westeurope',
  cpu: 1,
  memoryMiB: 4096,
  minInstances: 2,
  maxInstances: 2,
  concurrency: 50,
  exposure: 'public',
  protect: false,
  env: {},
  secrets: {},
};
const faults = (changes: object, environment: 'dev' | 'prod' = 'prod') =>
  appServiceFaults(serviceConfig.parse({ ...base, ...changes }), { environment });

describe('a stack on App Service', () => {
  it.each<[string, object]>([
    ['as it is', {}],
    ['that scales', { maxInstances: 30 }],
    ['that keeps logs for two years', { logRetentionDays: 730 }],
    ['with a subscription of its own', { account: '00000000-0000-4000-8000-000000000009' }],
    ['with a database', { network: networks, database: { engine: 'mysql', size: 'Standard_B1ms', storageGiB: 20 } }],
    ['that is private', { exposure: 'private', network: { privateEndpointSubnet: subnet, privateDnsZone: zone } }],
    ['with everything', { domain: 'predict.example.org', uptimeCheck: true, alarms: {}, objectStore: true }],
  ])('%s is accepted', (_what, changes) => {
    expect(faults(changes)).toEqual([]);
  });

  it.each<[string, object, string | RegExp]>([
    ['more workers than its plan has', { maxInstances: 31 }, /^maxInstances: expected at most 30/],
    ['logs for a week', { logRetentionDays: 7 }, 'logRetentionDays: expected 30 to 730 on Azure; found 7'],
    ['a subscription’s name', { account: 'production' }, /^account: expected a subscription id/],
    [
      'an uptime check of a private service',
      { exposure: 'private', uptimeCheck: true },
      /^uptimeCheck: expected false/,
    ],
    ['a name for a private service', { exposure: 'private', domain: 'a.example.org' }, /^domain: expected none/],
    ['an unknown network', { network: { vpc: 'vpc-1' } }, /^network\.vpc: expected one of privateEndpointSubnet/],
    [
      'a subnet by its name',
      { network: { outboundSubnet: 'one' } },
      /^network\.outboundSubnet: expected the resource id/,
    ],
    [
      'a list of subnets',
      { network: { outboundSubnet: [subnet] } },
      /^network\.outboundSubnet: expected the resource id/,
    ],
    [
      'a machine of another vendor',
      { network: networks, database: { engine: 'mysql', size: 'db.t4g.micro', storageGiB: 20 } },
      /^database\.size: expected a machine of Azure/,
    ],
    [
      'a size PostgreSQL is not sold in',
      { network: networks, database: { engine: 'postgresql', size: 'Standard_B1ms', storageGiB: 50 } },
      /^database\.storageGiB: expected one of 32, 64/,
    ],
    ['a variable the stack sets', { objectStore: true, env: { AZURE_CLIENT_ID: 'x' } }, /^AZURE_CLIENT_ID: expected/],
    ['a secret the stack sets', { objectStore: true, secrets: { OBJECT_STORE_URL: 'v/s' } }, /^OBJECT_STORE_URL: exp/],
  ])('with %s is refused', (_what, changes, fault) => {
    expect(faults(changes)).toEqual([expect.stringMatching(fault)]);
  });

  it('never opens its database to the internet', () => {
    const found = faults({ database: { engine: 'mysql', size: 'Standard_D2ds_v4', storageGiB: 20 } });
    expect(found.map((fault) => fault.split(':')[0])).toEqual([
      'network.outboundSubnet',
      'network.databaseSubnet',
      'network.databaseDnsZone',
    ]);
  });

  it('does not scale on a Basic plan', () => {
    expect(faults({ memoryMiB: 1792, minInstances: 1 }, 'dev')).toEqual([
      'maxInstances: expected 1, as minInstances: a Basic plan (B1) has a fixed capacity; found 2',
    ]);
  });
});

it.each([
  ['Standard_B1ms', 'Burstable'],
  ['Standard_D2ds_v4', 'GeneralPurpose'],
  ['Standard_E4ds_v5', 'MemoryOptimized'],
  ['Standard_F2', undefined],
])('the family of %s is %s', (size, tier) => {
  expect(tierOf(size)).toBe(tier);
});

it('a network is handed on by name', () => {
  expect(networkOf({ network: networks })).toEqual(networks);
});
