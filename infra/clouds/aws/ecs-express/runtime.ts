// What ECS Express Mode promises the container: a service on Fargate behind a load balancer, made and kept by ECS.
import type { RuntimeContract } from '../../../contract/runtime.ts';

const guide = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide';
const api = 'https://docs.aws.amazon.com/AmazonECS/latest/APIReference';
const balancer = 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application';
const scaling = 'https://docs.aws.amazon.com/autoscaling/application/userguide';

export const ecsExpress = {
  name: 'ecs-express',
  cloud: 'aws',
  product: 'ECS Express Mode',
  // `containerPort` only says where requests are sent to.
  injectsPort: { value: false, source: `${api}/API_ExpressGatewayContainer.html` },
  injects: {
    value: ['AWS_EXECUTION_ENV', 'ECS_CONTAINER_METADATA_URI_V4'],
    source: `${guide}/task-metadata-endpoint-v4-fargate.html`,
  },
  start: {
    periodSeconds: { value: 30, source: `${balancer}/target-group-health-checks.html` },
    timeoutSeconds: { value: 5, source: `${balancer}/target-group-health-checks.html` },
    // A task is replaced once two checks in a row have failed; after three such tasks the deployment is given up.
    limitSeconds: { value: 60, source: `${balancer}/target-group-health-checks.html` },
  },
  // The balancer's idle time-out: 504 for a target that says nothing for so long.
  requestDeadlineSeconds: { value: 60, source: `${balancer}/edit-load-balancer-attributes.html` },
  drainSeconds: { value: 30, source: `${api}/API_ContainerDefinition.html` },
  bodyLimitBytes: { value: null, source: 'assumed: the balancer names a limit for Lambda targets only' },
  concurrency: {
    value: { default: null, max: null },
    source: 'assumed: no page names a cap of requests under way per target',
  },
  // ECS moves traffic by itself; nobody can tell it which share.
  candidate: { value: 'none', source: `${guide}/express-service-update-full.html` },
  share: { value: false, source: `${guide}/express-service-update-full.html` },
  scaleToZero: { value: false, source: 'assumed: a service without a task has nobody who would start one' },
  autoscaling: {
    // Target tracking: three minutes above before a task is added, fifteen below before one is taken away.
    value: { metric: 'cpu', target: { of: 'cpuTarget', share: 1 }, outSeconds: 180, inSeconds: 900 },
    source: `${scaling}/target-tracking-scaling-policy-overview.html`,
  },
  // The service is ACTIVE without a task; the deployment alone tells: "No rollback candidate was found to run the rollback."
  failedCreate: { value: 'site-answers-503', source: `${guide}/deployment-failure-detection.html` },
  failedUpdate: { value: 'silent-rollback', source: `${guide}/express-service-update-full.html` },
  provisionSeconds: { value: 45, source: 'assumed: a Fargate task is placed and its image pulled in under a minute' },
  poll: {
    value: { everySeconds: 15, forSeconds: 1800 },
    source: `assumed: two bakes of three minutes and a roll-back, several times over (${guide}/express-service-update-full.html)`,
  },
  requestMetrics: {
    value: { periodSeconds: 60, lateSeconds: 120 },
    source: `assumed: one-minute periods (${balancer}/load-balancer-cloudwatch-metrics.html), a minute to publish`,
  },
} as const satisfies RuntimeContract;

/** How every update is taken: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-update-full.html */
export const canary = {
  /** Of all requests, to the new tasks, until the first bake is over. */
  percent: 5,
  canaryBakeSeconds: 180,
  /** All requests go to the new tasks, and the old ones still run. */
  bakeSeconds: 180,
  /** Rolled back when 4xx and 5xx together are more than this, in so many of the last minutes. */
  alarm: { errorPercent: 1, breaching: 2, of: 3, periodSeconds: 60 },
} as const;

/** Express Mode gives the container of the image this name: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html */
export const mainContainer = 'Main';

/** A service is made in the account's default cluster, which ECS makes when it is not there. */
export const cluster = 'default';

/** The group of CloudWatch Logs that a service's containers write to. @param service `trireme-prod` */
export function logGroupOf(service: string): string {
  return `/ecs/${service}`;
}
