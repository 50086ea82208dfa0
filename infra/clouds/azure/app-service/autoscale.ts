// More workers for a plan whose CPU is busy, fewer when it is idle: https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-get-started
import { AutoscaleSetting } from '@pulumi/azure-native/monitor/autoscaleSetting.js';
import type { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import type { ServiceConfig } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { minutesOf, type Place } from '../place.ts';
import { appService } from './runtime.ts';

type Scaled = Pick<ServiceConfig, 'minInstances' | 'maxInstances' | 'cpuTarget'>;

/** A plan with one bound has a fixed capacity. */
export function scales({ minInstances, maxInstances }: Pick<Scaled, 'minInstances' | 'maxInstances'>): boolean {
  return maxInstances > minInstances;
}

/**
 * Taken away at half the target: two workers at half of it are one at the target, so no removal calls for an addition at once.
 * Capacities are text: https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update#scalecapacity
 */
export function cpuProfile({ minInstances, maxInstances, cpuTarget }: Scaled, planId: string) {
  const { outSeconds, inSeconds } = appService.autoscaling.value;
  const rule = (direction: 'Increase' | 'Decrease', seconds: number) => ({
    metricTrigger: {
      metricName: 'CpuPercentage',
      metricNamespace: 'microsoft.web/serverfarms',
      metricResourceUri: planId,
      timeGrain: 'PT1M',
      statistic: 'Average' as const,
      timeWindow: minutesOf(seconds),
      timeAggregation: 'Average' as const,
      operator: direction === 'Increase' ? ('GreaterThan' as const) : ('LessThan' as const),
      threshold: direction === 'Increase' ? cpuTarget : Math.floor(cpuTarget / 2),
    },
    scaleAction: { direction, type: 'ChangeCount' as const, value: '1', cooldown: minutesOf(seconds) },
  });
  return {
    name: 'cpu',
    capacity: { minimum: String(minInstances), maximum: String(maxInstances), default: String(minInstances) },
    rules: [rule('Increase', outSeconds), rule('Decrease', inSeconds)],
  };
}

export function createAutoscale(
  { parent, regional, tags, stack, config }: Place,
  plan: AppServicePlan,
): AutoscaleSetting | undefined {
  if (!scales(config)) return undefined;
  return new AutoscaleSetting(
    'autoscale',
    {
      ...regional,
      autoscaleSettingName: serviceName(stack),
      name: serviceName(stack),
      // Left out, it is off.
      enabled: true,
      targetResourceUri: plan.id,
      profiles: [plan.id.apply((id) => cpuProfile(config, id))],
      tags,
    },
    { parent },
  );
}
