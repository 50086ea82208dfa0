// What App Service accepts of a stack's configuration, and the plan that gives it.
import type { ServiceConfig } from '../../../contract/service.ts';
import type { Stack } from '../../../contract/stack.ts';
import { appService } from './runtime.ts';

export interface PlanSize {
  readonly name: string;
  readonly tier: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly slots: boolean;
}

/** Cheapest first. https://azure.microsoft.com/pricing/details/app-service/linux/ */
export const planSizes: readonly PlanSize[] = [
  { name: 'B1', tier: 'Basic', cpu: 1, memoryMiB: 1792, slots: false },
  { name: 'B2', tier: 'Basic', cpu: 2, memoryMiB: 3584, slots: false },
  { name: 'B3', tier: 'Basic', cpu: 4, memoryMiB: 7168, slots: false },
  { name: 'P0v3', tier: 'Premium0V3', cpu: 1, memoryMiB: 4096, slots: true },
  { name: 'P1v3', tier: 'PremiumV3', cpu: 2, memoryMiB: 8192, slots: true },
  { name: 'P2v3', tier: 'PremiumV3', cpu: 4, memoryMiB: 16384, slots: true },
  { name: 'P3v3', tier: 'PremiumV3', cpu: 8, memoryMiB: 32768, slots: true },
];

/** In prod a candidate is proven in a slot before production gets its image. */
export function usesSlot(stack: Pick<Stack, 'environment'>): boolean {
  return appService.slots.value && stack.environment === 'prod';
}

/** The plan with exactly that size; `undefined` when there is none. */
export function planFor(
  config: Pick<ServiceConfig, 'cpu' | 'memoryMiB'>,
  stack: Pick<Stack, 'environment'>,
): PlanSize | undefined {
  return sizesFor(stack).find((size) => size.cpu === config.cpu && size.memoryMiB === config.memoryMiB);
}

/** Every fault, as `<key>: expected …; found …`. */
export function appServiceFaults(config: ServiceConfig, stack: Pick<Stack, 'environment'>): string[] {
  const faults: string[] = [];
  if (planFor(config, stack) === undefined) {
    const sizes = sizesFor(stack).map((size) => `${size.cpu} and ${size.memoryMiB} (${size.name})`);
    faults.push(
      `cpu and memoryMiB: expected ${sizes.join(', ')} on App Service${usesSlot(stack) ? ' with a slot' : ''}; found ${config.cpu} and ${config.memoryMiB}`,
    );
  }
  if (config.minInstances < 1) faults.push('minInstances: expected at least 1 on App Service; found 0');
  if (config.maxInstances !== config.minInstances) {
    faults.push(
      `maxInstances: expected ${config.minInstances}, as minInstances: an App Service plan has a fixed capacity; found ${config.maxInstances}`,
    );
  }
  for (const [name, secret] of Object.entries(config.secrets)) {
    if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9-]+$/.test(secret)) {
      faults.push(`secrets.${name}: expected \`<key vault>/<secret>\`; found \`${secret}\``);
    }
  }
  return faults;
}

function sizesFor(stack: Pick<Stack, 'environment'>): readonly PlanSize[] {
  return planSizes.filter((size) => size.slots || !usesSlot(stack));
}
