import { describe, expect, it } from 'vitest';
import { appRunner } from '../../clouds/aws/app-runner/runtime.ts';
import { Unanswered } from '../../clouds/polling.ts';
import { metricsOf, readMetrics, sumOf, wholePeriods } from '../../clouds/traffic.ts';
import { DeliveryError } from '../../contract/errors.ts';

describe('a span of metrics', () => {
  it.each([
    ['within a minute', '10:00:20', '10:00:40', '10:00:00', '10:01:00'],
    ['over the edge of two', '10:00:59', '10:01:01', '10:00:00', '10:02:00'],
    ['whole minutes', '10:00:00', '10:02:00', '10:00:00', '10:02:00'],
    ['no time at all', '10:00:00', '10:00:00', '10:00:00', '10:01:00'],
  ])('is widened to whole periods: %s', (_, from, to, wholeFrom, wholeTo) => {
    const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);
    const whole = wholePeriods(at(from), at(to), 60);
    expect([whole.from.getTime(), whole.to.getTime()]).toEqual([at(wholeFrom), at(wholeTo)]);
  });

  it('has a mean weighed by requests, and none without them', () => {
    const periods = [
      { requests: 90, errors: 0, meanLatencyMs: 10 },
      { requests: 10, errors: 3, meanLatencyMs: 110 },
      { requests: 50, errors: 1 },
      { requests: 0, errors: 0, meanLatencyMs: 9000 },
    ];
    expect(sumOf(periods)).toEqual({ requests: 150, errors: 4, meanLatencyMs: 20 });
    expect(sumOf([])).toEqual({ requests: 0, errors: 0 });
  });

  it('is the vendor’s own pace on the real platform, seconds at once on the emulated one', () => {
    expect(metricsOf(appRunner, {})).toEqual(appRunner.requestMetrics.value);
    expect(metricsOf(appRunner, { endpoint: 'http://127.0.0.1:1' })).toEqual({ periodSeconds: 1, lateSeconds: 0 });
  });
});

describe('metrics that can’t be read', () => {
  it.each([
    ['a broken connection', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }), 'cloud-unreachable'],
    ['a service without its name', new TypeError('expected the coordinate site'), 'errored'],
    ['throttling', new Unanswered('slow down', { passing: true }), 'cloud-unreachable'],
    ['a missing right', new Unanswered('AccessDenied', { passing: false }), 'errored'],
    ['an answer in another shape', new SyntaxError('Unexpected token'), 'errored'],
  ])('are an error for people: %s', async (_, thrown, code) => {
    const read = readMetrics('App Runner', 'cloudwatch:GetMetricData', () => Promise.reject(thrown));
    await expect(read).rejects.toSatisfy(
      (error) =>
        error instanceof DeliveryError &&
        error.code === code &&
        error.hint?.includes('cloudwatch:GetMetricData') === true,
    );
  });
});
