import { describe, expect, it } from 'vitest';
import { errorShareQuery, notReady, slowAnswers, windowFor } from '../../../clouds/azure/alarms.ts';
import { cpuProfile, scales } from '../../../clouds/azure/app-service/autoscale.ts';
import { dashboardParts } from '../../../clouds/azure/dashboard.ts';

const alarms = { errorRatePercent: 1, latencyMilliseconds: 1500, notReadyMinutes: 20 };

describe('alarms', () => {
  it.each([
    [1, 'PT1M'],
    [4, 'PT5M'],
    [5, 'PT5M'],
    [20, 'PT30M'],
    [60, 'PT1H'],
    [61, 'PT6H'],
    [1440, 'P1D'],
    [9999, 'P1D'],
  ])('watch over a window Azure knows that is at least as long: %i min', (minutes, window) => {
    expect(windowFor(minutes)).toBe(window);
  });

  it('watch seconds and percent, as the metrics are', () => {
    expect(slowAnswers(alarms)).toMatchObject({
      metricName: 'HttpResponseTime',
      threshold: 1.5,
      operator: 'GreaterThan',
    });
    expect(notReady(alarms)).toMatchObject({ metricName: 'HealthCheckStatus', threshold: 1, window: 'PT30M' });
  });

  it('ask the log of one site alone for the share of its errors', () => {
    const query = errorShareQuery('/sites/trireme-prod');
    expect(query).toContain("_ResourceId =~ '/sites/trireme-prod'");
    // Without answers there is no share: nothing is divided by nothing.
    expect(query.indexOf('answered > 0')).toBeLessThan(query.indexOf('100.0 * failed / answered'));
  });
});

describe('scaling', () => {
  it.each([
    [2, 2, false],
    [2, 3, true],
  ])('from %i to %i workers: %s', (minInstances, maxInstances, expected) => {
    expect(scales({ minInstances, maxInstances })).toBe(expected);
  });

  it('adds a worker above the target and takes one away at half of it, each after the runtime’s own time', () => {
    const profile = cpuProfile({ minInstances: 2, maxInstances: 5, cpuTarget: 70 }, '/plan');
    // Numbers are refused: https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update
    expect(profile.capacity).toEqual({ minimum: '2', maximum: '5', default: '2' });
    expect(
      profile.rules.map(({ metricTrigger, scaleAction }) => [
        scaleAction.direction,
        metricTrigger.operator,
        metricTrigger.threshold,
        metricTrigger.timeWindow,
        scaleAction.cooldown,
      ]),
    ).toEqual([
      ['Increase', 'GreaterThan', 70, 'PT5M', 'PT5M'],
      ['Decrease', 'LessThan', 35, 'PT10M', 'PT10M'],
    ]);
  });
});

describe('the dashboard', () => {
  it('shows the site’s and the plan’s metrics, none on top of another', () => {
    const parts = dashboardParts({ site: '/site', plan: '/plan' });
    const places = parts.map(({ position }) => `${position.x},${position.y}`);
    expect(new Set(places).size).toBe(parts.length);
    const asked = parts.flatMap(({ metadata }) => metadata.inputs.flatMap(({ value }) => value.chart.metrics));
    for (const { resourceMetadata, namespace } of asked) {
      expect(namespace).toBe(resourceMetadata.id === '/plan' ? 'microsoft.web/serverfarms' : 'microsoft.web/sites');
    }
    expect(asked.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Requests', 'Http5xx', 'HttpResponseTime', 'HealthCheckStatus', 'CpuPercentage']),
    );
  });
});
