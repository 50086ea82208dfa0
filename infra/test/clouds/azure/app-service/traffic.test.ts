import { expect, it } from 'vitest';
import { trafficIn } from '../../../../clouds/azure/app-service/traffic.ts';

/** As ARM answers: every minute of the timespan has its time; one that nobody told of yet has no value. */
const metric = (name: string, unit: string, data: readonly object[]) => ({
  id: `/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/providers/Microsoft.Insights/metrics/${name}`,
  type: 'Microsoft.Insights/metrics',
  name: { value: name, localizedValue: name },
  unit,
  errorCode: 'Success',
  timeseries: [{ metadatavalues: [], data }],
});
const at = (minute: number) => ({ timeStamp: `2026-11-21T10:0${minute}:00Z` });
const answer = (...value: readonly object[]) => ({ cost: 59, interval: 'PT1M', resourceregion: 'westeurope', value });

it.each([
  [
    'seconds, weighed by requests',
    answer(
      metric('Requests', 'Count', [{ ...at(0), total: 90 }, { ...at(1), total: 10 }, at(2)]),
      metric('Http5xx', 'Count', [{ ...at(0), total: 0 }, { ...at(1), total: 3 }, at(2)]),
      metric('HttpResponseTime', 'Seconds', [{ ...at(0), average: 0.01 }, { ...at(1), average: 0.11 }, at(2)]),
    ),
    { requests: 100, errors: 3, meanLatencyMs: 20 },
  ],
  [
    'a site without requests',
    answer(
      metric('Requests', 'Count', [at(0)]),
      metric('Http5xx', 'Count', []),
      metric('HttpResponseTime', 'Seconds', []),
    ),
    { requests: 0, errors: 0 },
  ],
])('adds up what Azure Monitor tells: %s', (_, body, expected) => expect(trafficIn(body)).toEqual(expected));

it('takes no part for the whole', () => {
  const failed = { ...metric('Http5xx', 'Count', []), errorCode: 'InvalidSamplingType', errorMessage: 'no such thing' };
  expect(() => trafficIn(answer(metric('Requests', 'Count', []), failed))).toThrow('Http5xx: InvalidSamplingType');
  expect(() => trafficIn({ value: 'none' })).toThrow();
});
