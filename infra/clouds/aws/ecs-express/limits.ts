// What ECS Express Mode accepts of a stack's configuration.
import type { ServiceConfig } from '../../../contract/service.ts';
import { awsFaults } from '../limits.ts';
import { countsRequests, requestLogVariable } from './request-log.ts';

const upTo = (least: number, most: number, step: number): number[] =>
  Array.from({ length: (most - least) / step + 1 }, (_, index) => least + index * step);

/** vCPUs to the memory sizes, in MiB, Fargate has with them: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const sizes: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1024, 2048]],
  [0.5, upTo(1024, 4096, 1024)],
  [1, upTo(2048, 8192, 1024)],
  [2, upTo(4096, 16_384, 1024)],
  [4, upTo(8192, 30_720, 1024)],
]);

/** Every fault, as `<key>: expected …; found …`. */
export function ecsExpressFaults(config: ServiceConfig): string[] {
  return [
    ...sizeFaults(config),
    ...exposureFaults(config),
    ...secretFaults(config),
    ...domainFaults(config),
    ...requestLogFaults(config),
    ...awsFaults(config),
  ];
}

function sizeFaults({ cpu, memoryMiB, minInstances }: ServiceConfig): string[] {
  const faults: string[] = [];
  const memory = sizes.get(cpu);
  if (memory === undefined) {
    faults.push(`cpu: expected ${[...sizes.keys()].join(', ')} vCPUs on ECS Express Mode; found ${cpu}`);
  } else if (!memory.includes(memoryMiB)) {
    faults.push(`memoryMiB: expected ${spoken(memory)} with ${cpu} vCPU on ECS Express Mode; found ${memoryMiB}`);
  }
  if (minInstances < 1) faults.push('minInstances: expected at least 1 on ECS Express Mode; found 0');
  return faults;
}

/** The balancer is public or not by its subnets, which only AWS knows: the prover compares. Where none are named, they are the default network's, which are public. */
function exposureFaults({ exposure, network }: ServiceConfig): string[] {
  if (exposure === 'public' || Object.keys(network).length > 0) return [];
  return ['network: expected vpc, private subnets and securityGroups, for private exposure; found none'];
}

/**
 * A name of one's own is a certificate and a rule on the listener that ECS makes, keeps and may write anew; no resource of a stack can be either.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-advanced-customization.html
 */
function domainFaults({ domain }: ServiceConfig): string[] {
  if (domain === undefined) return [];
  return [`domain: expected none on ECS Express Mode, whose balancer and its listener are ECS's own; found ${domain}`];
}

/** What alarms and dashboard are made of. */
function requestLogFaults({ env, secrets, ...config }: ServiceConfig): string[] {
  if (!countsRequests(config)) return [];
  const { [requestLogVariable]: found } = env;
  if (requestLogVariable in secrets) {
    return [`secrets.${requestLogVariable}: expected none beside alarms or a dashboard, which set it to \`on\``];
  }
  if (found === undefined || found === 'on') return [];
  return [
    `env.${requestLogVariable}: expected \`on\` or none, as alarms and dashboard are counted from the request log; found \`${found}\``,
  ];
}

function secretFaults({ secrets }: ServiceConfig): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => !/^arn:aws[\w-]*:(secretsmanager|ssm):/.test(secret))
    .map(
      ([name, secret]) =>
        `secrets.${name}: expected the ARN of a Secrets Manager secret or SSM parameter; found \`${secret}\``,
    );
}

function spoken(memory: readonly number[]): string {
  return memory.length <= 3 ? memory.join(', ') : `${memory[0]}, ${memory[1]} … ${memory.at(-1)}`;
}
