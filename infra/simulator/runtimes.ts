// The three runtimes' promises and misbehaviours, as `infra/clouds` has them; waiting is cut short, because nobody learns from the hundredth poll.
import type { RuntimeContract, Sourced } from '../contract/runtime.ts';
import type { RuntimeName } from '../contract/service.ts';
import type { Cloud } from '../contract/stack.ts';

export const runtimeOf = { aws: 'app-runner', gcp: 'cloud-run', azure: 'app-service' } as const satisfies Record<
  Cloud,
  RuntimeName
>;

export const contracts: Readonly<Record<RuntimeName, RuntimeContract>> = {
  'app-runner': contract('app-runner', 'aws', 'none', 'service-failed', 'silent-rollback'),
  'ecs-express': contract('ecs-express', 'aws', 'none', 'site-answers-503', 'silent-rollback'),
  'cloud-run': contract('cloud-run', 'gcp', 'tagged-revision', 'service-without-ready-revision', 'failed-revision'),
  'app-service': contract('app-service', 'azure', 'slot', 'site-answers-503', 'accepted-and-dead'),
};

function contract(
  name: RuntimeName,
  cloud: Cloud,
  candidate: RuntimeContract['candidate']['value'],
  failedCreate: RuntimeContract['failedCreate']['value'],
  failedUpdate: RuntimeContract['failedUpdate']['value'],
): RuntimeContract {
  return {
    name,
    cloud,
    product: name,
    injectsPort: known(true),
    injects: known([]),
    start: { periodSeconds: known(5), timeoutSeconds: known(2), limitSeconds: known(60) },
    requestDeadlineSeconds: known(60),
    drainSeconds: known(10),
    bodyLimitBytes: known(null),
    concurrency: known({ default: 80, max: null }),
    candidate: known(candidate),
    share: known(candidate !== 'none'),
    scaleToZero: known(false),
    autoscaling: known({
      metric: 'concurrency',
      target: { of: 'concurrency', share: 1 },
      outSeconds: 0,
      inSeconds: 0,
    }),
    failedCreate: known(failedCreate),
    failedUpdate: known(failedUpdate),
    provisionSeconds: known(20),
    poll: known({ everySeconds: 20, forSeconds: 50 }),
    requestMetrics: known({ periodSeconds: 60, lateSeconds: 60 }),
  };
}

function known<T>(value: T): Sourced<T> {
  return { value, source: 'assumed: made for the simulator' };
}
