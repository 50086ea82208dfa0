// What App Runner promises the container.
import type { RuntimeContract } from '../../../contract/runtime.ts';

const guide = 'https://docs.aws.amazon.com/apprunner/latest/dg';
const api = 'https://docs.aws.amazon.com/apprunner/latest/api';
const roadmap = 'https://github.com/aws/apprunner-roadmap/issues';

export const appRunner = {
  name: 'app-runner',
  cloud: 'aws',
  product: 'App Runner',
  injectsPort: { value: true, source: `${api}/API_ImageConfiguration.html` },
  injects: { value: ['PORT'], source: `${guide}/develop.html` },
  start: {
    periodSeconds: { value: 5, source: `${api}/API_HealthCheckConfiguration.html` },
    timeoutSeconds: { value: 2, source: `${api}/API_HealthCheckConfiguration.html` },
    // The default unhealthy threshold, five probes, at the default period.
    limitSeconds: { value: 25, source: `${api}/API_HealthCheckConfiguration.html` },
  },
  // In all, reading the request's body included.
  requestDeadlineSeconds: { value: 120, source: `${guide}/develop.html` },
  drainSeconds: { value: 10, source: `assumed: no stop time is documented and none can be set (${roadmap}/176)` },
  bodyLimitBytes: { value: null, source: 'assumed: no page names a limit' },
  concurrency: {
    value: { default: 100, max: 200 },
    source: `${api}/API_CreateAutoScalingConfiguration.html`,
  },
  // It starts new instances, moves traffic and stops the old ones, by itself.
  candidate: { value: 'none', source: `${guide}/manage-deploy.html` },
  share: { value: false, source: `${guide}/manage-deploy.html` },
  scaleToZero: { value: false, source: `${guide}/manage-autoscaling.html` },
  autoscaling: {
    // More when concurrent requests exceed what instances may have. When fewer again is not documented: five minutes are assumed.
    value: {
      metric: 'concurrency',
      target: { of: 'concurrency', share: 1 },
      outSeconds: 0,
      inSeconds: 300,
      onDemand: true,
    },
    source: `${guide}/manage-autoscaling.html`,
  },
  failedCreate: { value: 'service-failed', source: `${roadmap}/95` },
  failedUpdate: { value: 'silent-rollback', source: `${roadmap}/209` },
  provisionSeconds: { value: 45, source: `assumed: whole updates of about five minutes are reported (${roadmap}/147)` },
  poll: {
    value: { everySeconds: 10, forSeconds: 1800 },
    source: `assumed: a failing update took over 15 minutes to roll back (${roadmap}/147)`,
  },
  requestMetrics: {
    value: { periodSeconds: 60, lateSeconds: 120 },
    source: `assumed: one-minute periods (${guide}/monitor-cw.html), a minute to publish; no delay is documented`,
  },
} as const satisfies RuntimeContract;
