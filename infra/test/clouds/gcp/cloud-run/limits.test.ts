import { describe, expect, it } from 'vitest';
import { cloudRunFaults, invokersOf } from '../../../../clouds/gcp/cloud-run/limits.ts';
import { serviceConfig } from '../../../../contract/service.ts';

const good = {
  runtime: 'cloud-run',
  region: 'europe-west1',
  cpu: 1,
  memoryMiB: 1024,
  minInstances: 1,
  maxInstances: 2,
  concurrency: 50,
  exposure: 'public',
  protect: false,
  env: {},
  secrets: {},
};
const inside = { ...good, exposure: 'private' };
const database = { engine: 'mysql', size: 'db-f1-micro', storageGiB: 10 };

describe('what Cloud Run takes of a stack file', () => {
  const accepted: readonly [string, object][] = [
    ['the least', good],
    [
      'everything that goes with a public service',
      {
        ...good,
        alarms: {},
        uptimeCheck: true,
        domain: 'a.example.org',
        network: { network: 'n' },
        database,
        objectStore: true,
      },
    ],
    ['a private service with callers', { ...inside, network: { network: 'n', invokers: ['group:a@example.org'] } }],
  ];
  it.each(accepted)('%s', (_what, config) => {
    expect(cloudRunFaults(serviceConfig.parse(config))).toEqual([]);
  });

  const refused: readonly [object, RegExp][] = [
    [{ ...good, cpu: 3 }, /^cpu: expected/],
    [{ ...good, memoryMiB: 8192 }, /^memoryMiB: expected 512 to 4096/],
    [{ ...good, concurrency: 1001 }, /^concurrency: expected at most 1000/],
    [{ ...good, network: { vpc: 'n' } }, /^network\.vpc: expected one of network, subnetwork, invokers/],
    [{ ...good, network: { invokers: ['group:a@example.org'] } }, /^network\.invokers: expected none where everybody/],
    [{ ...inside, network: { invokers: ['allUsers'] } }, /^network\.invokers: expected members .* found allUsers$/],
    [{ ...inside, uptimeCheck: true }, /^uptimeCheck: expected false with private exposure/],
    [{ ...inside, domain: 'a.example.org' }, /^domain: expected none with private exposure/],
    [{ ...good, region: 'europe-west9', domain: 'a.example.org' }, /^domain: expected one of .* found europe-west9$/],
    [{ ...good, database }, /^database: expected network\.network beside it/],
    [{ ...good, network: { network: ['a', 'b'] } }, /^network\.network: expected one name; found a list/],
    [
      { ...good, network: { network: 'n' }, database, secrets: { DATABASE_URL: 's' } },
      /^DATABASE_URL: expected a variable of the service's own/,
    ],
    [{ ...good, objectStore: true, env: { OBJECT_STORE_URL: 'x' } }, /^OBJECT_STORE_URL: expected a variable/],
    [{ ...good, labels: { team: 'ML Ops' } }, /^labels\.team: expected lower-case letters.* found `ML Ops`$/],
    [{ ...good, logRetentionDays: 4000 }, /^logRetentionDays: expected at most 3650/],
    [{ ...good, alarms: { notReadyMinutes: 1500 } }, /^alarms\.notReadyMinutes: expected at most 1410/],
  ];
  it.each(refused)('and refuses, with one line: %j', (config, words) => {
    const faults = cloudRunFaults(serviceConfig.parse(config));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(words);
  });

  it('knows the callers of a private service, once each, in an order that does not change', () => {
    const invokers = ['user:b@example.org', 'group:a@example.org', 'user:b@example.org'];
    expect(invokersOf({ network: { invokers } })).toEqual(['group:a@example.org', 'user:b@example.org']);
    expect(invokersOf({ network: { invokers: 'user:b@example.org' } })).toEqual(['user:b@example.org']);
    expect(invokersOf({ network: {} })).toEqual([]);
  });
});
