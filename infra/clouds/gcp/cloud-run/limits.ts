// What Cloud Run accepts of a stack's configuration.
import type { ServiceConfig } from '../../../contract/service.ts';
import { cloudRun } from './runtime.ts';

/**
 * Whole vCPUs to the least and the most memory, in MiB, that go with them; 512 MiB is the least the second generation starts with.
 * https://cloud.google.com/run/docs/configuring/services/memory-limits, https://cloud.google.com/run/docs/configuring/services/cpu
 */
const sizes: ReadonlyMap<number, readonly [least: number, most: number]> = new Map([
  [1, [512, 4096]],
  [2, [512, 8192]],
  [4, [2048, 16384]],
  [6, [4096, 24576]],
  [8, [4096, 32768]],
]);

/** Every fault, as `<key>: expected …; found …`. */
export function cloudRunFaults(config: ServiceConfig): string[] {
  const faults: string[] = [];
  const memory = sizes.get(config.cpu);
  if (memory === undefined) {
    faults.push(`cpu: expected ${[...sizes.keys()].join(', ')} vCPUs on Cloud Run; found ${config.cpu}`);
  } else if (config.memoryMiB < memory[0] || config.memoryMiB > memory[1]) {
    faults.push(
      `memoryMiB: expected ${memory[0]} to ${memory[1]} with ${config.cpu} vCPU on Cloud Run; found ${config.memoryMiB}`,
    );
  }
  const { max } = cloudRun.concurrency.value;
  if (config.concurrency > max) {
    faults.push(`concurrency: expected at most ${max} on Cloud Run; found ${config.concurrency}`);
  }
  return faults;
}
