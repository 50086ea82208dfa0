// What Cloud Run promises the container.
import type { RuntimeContract } from '../../../contract/runtime.ts';

const docs = 'https://cloud.google.com/run/docs';

export const cloudRun = {
  name: 'cloud-run',
  cloud: 'gcp',
  product: 'Cloud Run',
  injectsPort: { value: true, source: `${docs}/container-contract#port` },
  injects: {
    value: ['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'],
    source: `${docs}/container-contract#services-env-vars`,
  },
  start: {
    periodSeconds: { value: 10, source: `${docs}/configuring/healthchecks` },
    timeoutSeconds: { value: 1, source: `${docs}/configuring/healthchecks` },
    // The default probe connects by TCP for up to four minutes; a service's own probe brings its own limit.
    limitSeconds: { value: 240, source: `${docs}/configuring/healthchecks` },
  },
  // The default; a service may ask for up to an hour.
  requestDeadlineSeconds: { value: 300, source: `${docs}/configuring/request-timeout` },
  drainSeconds: { value: 10, source: `${docs}/container-contract#instance-shutdown` },
  bodyLimitBytes: { value: 32 * 1024 * 1024, source: 'https://cloud.google.com/run/quotas#request_limits' },
  concurrency: { value: { default: 80, max: 1000 }, source: `${docs}/about-concurrency` },
  candidate: { value: 'tagged-revision', source: `${docs}/rollouts-rollbacks-traffic-migration#tags` },
  share: { value: true, source: `${docs}/rollouts-rollbacks-traffic-migration#gradual` },
  scaleToZero: { value: true, source: `${docs}/about-instance-autoscaling` },
  autoscaling: {
    // Sixty percent of the allowed concurrency and of the CPU, over a minute; idle instances are kept for up to fifteen.
    value: {
      metric: 'concurrency',
      target: { of: 'concurrency', share: 0.6 },
      cpuPercent: 60,
      windowSeconds: 60,
      outSeconds: 0,
      inSeconds: 900,
      onDemand: true,
    },
    source: `${docs}/about-instance-autoscaling`,
  },
  failedCreate: {
    value: 'service-without-ready-revision',
    source: 'https://github.com/pulumi/pulumi-gcp/issues/2775',
  },
  failedUpdate: { value: 'failed-revision', source: `${docs}/troubleshooting#container-failed-to-start` },
  provisionSeconds: { value: 15, source: 'assumed: nothing is published' },
  poll: {
    value: { everySeconds: 5, forSeconds: 600 },
    source: 'assumed: twice the default start limit, and two minutes',
  },
  // Sampled every minute, visible up to three after that.
  requestMetrics: {
    value: { periodSeconds: 60, lateSeconds: 240 },
    source: 'https://cloud.google.com/monitoring/api/v3/latency-n-retention',
  },
} as const satisfies RuntimeContract;
