// What App Service accepts of a stack's configuration, and the plan that gives it.
import { type PredictionServiceArgs, resourceVariables, type ServiceConfig } from '../../../contract/service.ts';
import type { Stack } from '../../../contract/stack.ts';
import { databaseFaults, retentionDays } from '../limits.ts';
import { networkFaults } from '../network.ts';
import { appService } from './runtime.ts';

export interface PlanSize {
  readonly name: string;
  readonly tier: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly slots: boolean;
  /** May it have more workers when it is busy? https://learn.microsoft.com/azure/app-service/manage-automatic-scaling#compare-scaling-options */
  readonly autoscale: boolean;
  readonly mostWorkers: number;
}

const basic = { tier: 'Basic', slots: false, autoscale: false, mostWorkers: 3 };
const premium = { slots: true, autoscale: true, mostWorkers: 30 };

/** Cheapest first. https://azure.microsoft.com/pricing/details/app-service/linux/ */
export const planSizes: readonly PlanSize[] = [
  { name: 'B1', ...basic, cpu: 1, memoryMiB: 1792 },
  { name: 'B2', ...basic, cpu: 2, memoryMiB: 3584 },
  { name: 'B3', ...basic, cpu: 4, memoryMiB: 7168 },
  { name: 'P0v3', tier: 'Premium0V3', ...premium, cpu: 1, memoryMiB: 4096 },
  { name: 'P1v3', tier: 'PremiumV3', ...premium, cpu: 2, memoryMiB: 8192 },
  { name: 'P2v3', tier: 'PremiumV3', ...premium, cpu: 4, memoryMiB: 16384 },
  { name: 'P3v3', tier: 'PremiumV3', ...premium, cpu: 8, memoryMiB: 32768 },
];

/** In prod a candidate is proven in a slot before production gets its image. */
export function usesSlot(stack: Pick<Stack, 'environment'>): boolean {
  return appService.candidate.value === 'slot' && stack.environment === 'prod';
}

/** The plan with exactly that size; `undefined` when there is none. */
export function planFor(
  config: Pick<ServiceConfig, 'cpu' | 'memoryMiB'>,
  stack: Pick<Stack, 'environment'>,
): PlanSize | undefined {
  return sizesFor(stack).find((size) => size.cpu === config.cpu && size.memoryMiB === config.memoryMiB);
}

/** The larger one while a candidate is proven beside what is live: both run on one plan. `undefined` where the candidate's has no plan. */
export function planForBoth(
  { config, liveConfig = config }: Pick<PredictionServiceArgs, 'config' | 'liveConfig'>,
  stack: Pick<Stack, 'environment'>,
): PlanSize | undefined {
  const own = planFor(config, stack);
  const live = planFor(liveConfig, stack);
  return own === undefined ? undefined : planSizes.findLast((size) => size === own || size === live);
}

/** Every fault, as `<key>: expected …; found …`. */
export function appServiceFaults(config: ServiceConfig, stack: Pick<Stack, 'environment'>): string[] {
  const faults: string[] = [];
  const plan = planFor(config, stack);
  if (plan === undefined) {
    const sizes = sizesFor(stack).map((size) => `${size.cpu} and ${size.memoryMiB} (${size.name})`);
    faults.push(
      `cpu and memoryMiB: expected ${sizes.join(', ')} on App Service${usesSlot(stack) ? ' with a slot' : ''}; found ${config.cpu} and ${config.memoryMiB}`,
    );
  }
  if (config.minInstances < 1) faults.push('minInstances: expected at least 1 on App Service; found 0');
  faults.push(...(plan === undefined ? [] : scalingFaults(config, plan)), ...observationFaults(config));
  faults.push(...networkFaults(config), ...(config.database === undefined ? [] : databaseFaults(config.database)));
  if (config.account !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(config.account)) {
    faults.push(`account: expected a subscription id; found ${config.account}`);
  }
  for (const [name, secret] of Object.entries(config.secrets)) {
    if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9-]+$/.test(secret)) {
      faults.push(`secrets.${name}: expected \`<key vault>/<secret>\`; found \`${secret}\``);
    }
  }
  return [...faults, ...madeFaults(config)];
}

function scalingFaults({ minInstances, maxInstances }: ServiceConfig, plan: PlanSize): string[] {
  if (maxInstances > minInstances && !plan.autoscale) {
    return [
      `maxInstances: expected ${minInstances}, as minInstances: a ${plan.tier} plan (${plan.name}) has a fixed capacity; found ${maxInstances}`,
    ];
  }
  if (maxInstances <= plan.mostWorkers) return [];
  return [`maxInstances: expected at most ${plan.mostWorkers} in a ${plan.tier} plan; found ${maxInstances}`];
}

/** What looks at the service from outside, and how long what it wrote is kept. */
function observationFaults({ logRetentionDays, exposure, uptimeCheck, domain }: ServiceConfig): string[] {
  const { least, most } = retentionDays;
  const faults: string[] = [];
  if (logRetentionDays < least || logRetentionDays > most) {
    faults.push(`logRetentionDays: expected ${least} to ${most} on Azure; found ${logRetentionDays}`);
  }
  if (exposure === 'public') return faults;
  if (uptimeCheck) faults.push('uptimeCheck: expected false: nobody outside reaches a private service; found true');
  if (domain !== undefined) {
    faults.push(`domain: expected none: App Service proves a name for its certificate from outside; found ${domain}`);
  }
  return faults;
}

/** Variables that are set to what the stack makes. */
function madeFaults({ env, secrets, database, objectStore }: ServiceConfig): string[] {
  const made = [
    ...(database === undefined ? [] : [resourceVariables.database]),
    ...(objectStore ? [resourceVariables.objectStore, 'AZURE_CLIENT_ID'] : []),
  ];
  return made
    .filter((name) => name in env || name in secrets)
    .map((name) => `${name}: expected a variable of the service's own; the stack sets this one`);
}

function sizesFor(stack: Pick<Stack, 'environment'>): readonly PlanSize[] {
  return planSizes.filter((size) => size.slots || !usesSlot(stack));
}
