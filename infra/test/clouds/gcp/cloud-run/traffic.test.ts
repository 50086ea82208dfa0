import { expect, it } from 'vitest';
import { parsePage, trafficIn } from '../../../../clouds/gcp/cloud-run/traffic.ts';

const interval = { startTime: '2026-11-21T10:00:00Z', endTime: '2026-11-21T10:01:00Z' };
const resource = { type: 'cloud_run_revision', labels: { service_name: 'trireme-prod', revision_name: 'r-2' } };

/** As the API answers: 64-bit numbers are text, what is zero or empty is absent. */
const counts = parsePage({
  timeSeries: [
    {
      metric: {
        type: 'run.googleapis.com/request_count',
        labels: { response_code: '200', response_code_class: '2xx' },
      },
      resource,
      metricKind: 'DELTA',
      valueType: 'INT64',
      points: [
        { interval, value: { int64Value: '70' } },
        { interval, value: { int64Value: '20' } },
      ],
    },
    {
      metric: {
        type: 'run.googleapis.com/request_count',
        labels: { response_code: '503', response_code_class: '5xx' },
      },
      resource,
      metricKind: 'DELTA',
      valueType: 'INT64',
      points: [{ interval, value: { int64Value: '10' } }],
    },
  ],
  unit: '1',
}).timeSeries;
const latencies = parsePage({
  timeSeries: [
    {
      metric: { type: 'run.googleapis.com/request_latencies', labels: { response_code_class: '2xx' } },
      resource,
      valueType: 'DISTRIBUTION',
      points: [
        { interval, value: { distributionValue: { count: '90', mean: 10, bucketCounts: ['90'] } } },
        { interval, value: { distributionValue: {} } },
      ],
    },
    {
      metric: { type: 'run.googleapis.com/request_latencies', labels: { response_code_class: '5xx' } },
      resource,
      points: [{ interval, value: { distributionValue: { count: '10', mean: 110 } } }],
    },
  ],
}).timeSeries;

it.each([
  ['every class of answer', counts, latencies, { requests: 100, errors: 10, meanLatencyMs: 20 }],
  ['latency not told of yet', counts, [], { requests: 100, errors: 10 }],
  ['nothing: the field itself is absent', parsePage({}).timeSeries, [], { requests: 0, errors: 0 }],
])('adds up what Cloud Monitoring tells: %s', (_, answered, timed, expected) => {
  expect(trafficIn(answered, timed)).toEqual(expected);
});

it('refuses another shape', () => expect(() => parsePage({ timeSeries: 'none' })).toThrow());
