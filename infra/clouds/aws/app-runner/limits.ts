// What App Runner accepts of a stack's configuration.
import type { ServiceConfig } from '../../../contract/service.ts';
import { awsFaults } from '../limits.ts';
import { appRunner } from './runtime.ts';

/** vCPUs to the memory sizes, in MiB, that go with them: https://docs.aws.amazon.com/apprunner/latest/api/API_InstanceConfiguration.html */
const sizes: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1024]],
  [0.5, [1024]],
  [1, [2048, 3072, 4096]],
  [2, [4096, 6144]],
  [4, [8192, 10240, 12288]],
]);
/** https://docs.aws.amazon.com/apprunner/latest/api/API_CreateAutoScalingConfiguration.html */
const mostInstances = 25;

/** Every fault, as `<key>: expected …; found …`. */
export function appRunnerFaults(config: ServiceConfig): string[] {
  const faults: string[] = [];
  const memory = sizes.get(config.cpu);
  if (memory === undefined) {
    faults.push(`cpu: expected ${[...sizes.keys()].join(', ')} vCPUs on App Runner; found ${config.cpu}`);
  } else if (!memory.includes(config.memoryMiB)) {
    faults.push(
      `memoryMiB: expected ${memory.join(', ')} with ${config.cpu} vCPU on App Runner; found ${config.memoryMiB}`,
    );
  }
  if (config.minInstances < 1) faults.push('minInstances: expected at least 1 on App Runner; found 0');
  if (config.maxInstances > mostInstances) {
    faults.push(`maxInstances: expected at most ${mostInstances} on App Runner; found ${config.maxInstances}`);
  }
  const { max } = appRunner.concurrency.value;
  if (config.concurrency > max) {
    faults.push(`concurrency: expected at most ${max} on App Runner; found ${config.concurrency}`);
  }
  for (const [name, secret] of Object.entries(config.secrets)) {
    if (!/^arn:aws[\w-]*:(secretsmanager|ssm):/.test(secret)) {
      faults.push(
        `secrets.${name}: expected the ARN of a Secrets Manager secret or SSM parameter; found \`${secret}\``,
      );
    }
  }
  return [...faults, ...awsFaults(config)];
}
