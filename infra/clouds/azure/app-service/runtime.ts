// What App Service promises a Linux container.
import type { RuntimeContract } from '../../../contract/runtime.ts';

const docs = 'https://learn.microsoft.com/en-us/azure/app-service';

export const appService = {
  name: 'app-service',
  cloud: 'azure',
  product: 'App Service',
  // `WEBSITES_PORT` tells the platform where the container listens; the container itself needs an app setting `PORT`.
  injectsPort: { value: false, source: `${docs}/configure-custom-container#configure-port-number` },
  injects: {
    value: ['WEBSITE_SITE_NAME', 'WEBSITE_INSTANCE_ID', 'WEBSITE_HOSTNAME', 'REGION_NAME'],
    source: `${docs}/reference-app-settings#app-environment`,
  },
  start: {
    periodSeconds: { value: 5, source: 'assumed: the platform log shows a ping every few seconds' },
    timeoutSeconds: { value: 5, source: 'assumed: nothing is published' },
    // `WEBSITES_CONTAINER_START_TIME_LIMIT`: 230 unless set, at most 1800.
    limitSeconds: { value: 230, source: `${docs}/reference-app-settings#custom-containers` },
  },
  requestDeadlineSeconds: {
    value: 230,
    source: 'https://learn.microsoft.com/en-us/troubleshoot/azure/app-service/web-apps-performance-faqs',
  },
  // `WEBSITES_CONTAINER_STOP_TIME_LIMIT`: 5 unless set, at most 120.
  drainSeconds: { value: 5, source: `${docs}/reference-app-settings#custom-containers` },
  bodyLimitBytes: { value: null, source: 'assumed: no page names a limit for Linux containers' },
  concurrency: { value: { default: null, max: null }, source: `${docs}/manage-scale-up` },
  candidate: { value: 'slot', source: `${docs}/deploy-staging-slots` },
  share: { value: true, source: `${docs}/deploy-staging-slots#route-traffic` },
  scaleToZero: { value: false, source: `${docs}/overview-hosting-plans` },
  autoscaling: {
    // Not the platform's own: the autoscale setting's, which the stack makes. One instance at a time, then the cool-down.
    value: { metric: 'cpu', target: { of: 'cpuTarget', share: 1 }, outSeconds: 300, inSeconds: 600, step: 'one' },
    source: 'https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-best-practices',
  },
  failedCreate: { value: 'site-answers-503', source: 'https://github.com/Azure/actions/issues/10' },
  failedUpdate: { value: 'accepted-and-dead', source: 'https://github.com/Azure/actions/issues/10' },
  provisionSeconds: { value: 20, source: 'assumed: nothing is published' },
  poll: {
    value: { everySeconds: 10, forSeconds: 720 },
    source: 'assumed: three times the default start limit of 230 seconds',
  },
  requestMetrics: {
    value: { periodSeconds: 60, lateSeconds: 180 },
    source:
      'assumed: the grain is PT1M (https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-web-sites-metrics); up to three minutes are usual',
  },
} as const satisfies RuntimeContract;
