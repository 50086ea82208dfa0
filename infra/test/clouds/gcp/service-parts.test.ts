import { describe, expect, it } from 'vitest';
import { alarmsOf, channelsOf, uptimeFilter } from '../../../clouds/gcp/alarms.ts';
import { dashboardOf } from '../../../clouds/gcp/dashboard.ts';
import { databaseUrl } from '../../../clouds/gcp/database.ts';
import { instanceSettings } from '../../../clouds/gcp/database-settings.ts';
import { recordsIn } from '../../../clouds/gcp/domain.ts';
import { labelsOf } from '../../../clouds/gcp/labels.ts';
import { logFilter } from '../../../clouds/gcp/log-retention.ts';

const alarms = { errorRatePercent: 2, latencyMilliseconds: 800, notReadyMinutes: 10 };
const service = 'trireme-prod';

describe('alarms', () => {
  const conditions = (minInstances: number, checked?: string) =>
    alarmsOf(service, alarms, { minInstances }, checked).map(({ name, condition }) => [name, condition] as const);

  it('divide the 5xx by all answers of this service and no other', () => {
    const [[, errors] = []] = conditions(1);
    expect(errors).toMatchObject({ comparison: 'COMPARISON_GT', thresholdValue: 0.02 });
    expect(errors?.filter).toBe(`${String(errors?.denominatorFilter)} AND metric.labels.response_code_class="5xx"`);
    expect(errors?.denominatorFilter).toContain(`resource.labels.service_name="${service}"`);
    expect(errors?.denominatorAggregations).toEqual(errors?.aggregations);
  });

  it('take the 95th percentile of all instances together, in ms', () => {
    expect(conditions(1)[1]).toMatchObject([
      'latency',
      {
        thresholdValue: 800,
        aggregations: [{ perSeriesAligner: 'ALIGN_DELTA', crossSeriesReducer: 'REDUCE_PERCENTILE_95' }],
      },
    ]);
  });

  const readiness: readonly [what: string, minInstances: number, checked: string | undefined, expected: unknown][] = [
    [
      'by the check from outside, where there is one',
      0,
      uptimeFilter('check-1'),
      { thresholdValue: 0.5, duration: '600s', aggregations: [{ perSeriesAligner: 'ALIGN_FRACTION_TRUE' }] },
    ],
    [
      'else by the instances, whose silence counts as none',
      1,
      undefined,
      { thresholdValue: 1, duration: '600s', evaluationMissingData: 'EVALUATION_MISSING_DATA_ACTIVE' },
    ],
  ];
  it.each(readiness)('know what is not ready %s', (_what, minInstances, checked, expected) => {
    expect(conditions(minInstances, checked)[2]).toMatchObject(['not-ready', expected]);
  });

  it('say nothing of readiness where none may run and nobody asks from outside', () => {
    expect(conditions(0).map(([name]) => name)).toEqual(['errors', 'latency']);
  });

  const channels: readonly [details: Record<string, string>, expected: string[]][] = [
    [{}, []],
    [{ alarmChannel: 'shared' }, ['shared']],
    [{ alarmChannel: 'shared', 'alarmChannel.prod': 'own' }, ['own']],
    [{ alarmChannel: 'shared', 'alarmChannel.dev': 'other' }, ['shared']],
  ];
  it.each(channels)('tell the channel of their own project: %j', (details, expected) => {
    expect(channelsOf(details, 'prod')).toEqual(expected);
  });
});

describe('a dashboard', () => {
  const { mosaicLayout } = dashboardOf(service) as {
    mosaicLayout: { columns: number; tiles: { xPos: number; yPos: number; width: number; height: number }[] };
  };
  it('has six charts that neither overlap nor leave the grid', () => {
    const { tiles, columns } = mosaicLayout;
    expect(tiles).toHaveLength(6);
    expect(new Set(tiles.map(({ xPos, yPos }) => `${xPos} ${yPos}`)).size).toBe(tiles.length);
    for (const { xPos, yPos, width, height } of tiles) {
      expect(xPos + width).toBeLessThanOrEqual(columns);
      expect([xPos % width, yPos % height]).toEqual([0, 0]);
    }
  });
  it('asks for this service alone', () => {
    const filters = JSON.stringify(mosaicLayout).match(/"filter":"(?:[^"\\]|\\.)*"/g) ?? [];
    expect(filters).toHaveLength(8);
    for (const filter of filters) expect(filter).toContain(String.raw`service_name=\"trireme-prod\"`);
  });
});

describe('a database', () => {
  const wish = (engine: 'mysql' | 'postgresql', environment: 'dev' | 'prod') =>
    instanceSettings({
      stack: { environment },
      config: { protect: environment === 'prod' },
      wanted: { engine, size: 'db-g1-small', storageGiB: 20 },
      labels: { project: 'trireme' },
      privateNetwork: 'projects/p/global/networks/n',
    });
  const cases: readonly [Parameters<typeof wish>, Record<string, unknown>][] = [
    [
      ['mysql', 'dev'],
      {
        availabilityType: 'ZONAL',
        deletionProtectionEnabled: false,
        backupConfiguration: { enabled: true, startTime: '03:00', binaryLogEnabled: true },
      },
    ],
    [
      ['postgresql', 'prod'],
      {
        availabilityType: 'REGIONAL',
        deletionProtectionEnabled: true,
        backupConfiguration: { enabled: true, startTime: '03:00', pointInTimeRecoveryEnabled: true },
      },
    ],
  ];
  it.each(cases)('is set up for %j', (asked, expected) => {
    expect(wish(...asked)).toEqual({
      tier: 'db-g1-small',
      edition: 'ENTERPRISE',
      diskType: 'PD_SSD',
      diskSize: 20,
      diskAutoresize: false,
      userLabels: { project: 'trireme' },
      ipConfiguration: {
        ipv4Enabled: false,
        privateNetwork: 'projects/p/global/networks/n',
        sslMode: 'ENCRYPTED_ONLY',
      },
      ...expected,
    });
  });

  it('has an address that its clients take, whatever the password', () => {
    const postgresql = new URL(databaseUrl('postgresql', 'a/b@c', 'p:r:i'));
    expect(decodeURIComponent(postgresql.password)).toBe('a/b@c');
    expect(postgresql.searchParams.get('host')).toBe('/cloudsql/p:r:i');
    const mysql = new URL(databaseUrl('mysql', 'x', 'p:r:i'));
    expect([mysql.protocol, mysql.pathname, mysql.searchParams.get('socketPath')]).toEqual([
      'mysql:',
      '/predictions',
      '/cloudsql/p:r:i',
    ]);
  });
});

describe('what is read in a console', () => {
  it('labels, sorted, of which the platform’s own win', () => {
    expect(Object.entries(labelsOf({ zone: 'z', project: 'mine' }, 'dev'))).toEqual([
      ['environment', 'dev'],
      ['managed-by', 'pulumi'],
      ['project', 'trireme'],
      ['zone', 'z'],
    ]);
  });

  it('the logs of one service in one region', () => {
    expect(logFilter(service, 'europe-west1')).toBe(
      'resource.type="cloud_run_revision" AND resource.labels.service_name="trireme-prod" AND resource.labels.location="europe-west1"',
    );
  });

  const records: readonly [Parameters<typeof recordsIn>[0], string][] = [
    [[], ''],
    [[{}], ''],
    [[{ resourceRecords: [{ name: 'www', rrdata: 'ghs.' }] }], 'www CNAME ghs.'],
    [
      [
        {
          resourceRecords: [
            { name: '', type: 'A', rrdata: '192.0.2.2' },
            { name: '', type: 'A', rrdata: '192.0.2.1' },
          ],
        },
      ],
      'A 192.0.2.1\nA 192.0.2.2',
    ],
  ];
  it.each(records)('the records for a domain’s zone: %j', (statuses, expected) => {
    expect(recordsIn(statuses)).toBe(expected);
  });
});
