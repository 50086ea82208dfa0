// What App Service makes of a site's configuration: the container it starts, and the rules of its front end. Pure.
import { randomUUID } from 'node:crypto';
import { appService } from '../../../clouds/azure/app-service/runtime.ts';
import type { Container } from '../../runtimes/container.ts';
import type { FrontDoorRules } from '../../runtimes/front-door.ts';

/** Settings that speak to the platform; the container does not see them. https://learn.microsoft.com/en-us/azure/app-service/reference-app-settings */
const platformSettings = new Set([
  'WEBSITES_PORT',
  'WEBSITES_CONTAINER_START_TIME_LIMIT',
  'WEBSITES_CONTAINER_STOP_TIME_LIMIT',
  'WEBSITE_WARMUP_PATH',
  'WEBSITE_WARMUP_STATUSES',
]);

export interface SiteSettings {
  /** `DOCKER|<registry host>/<repository>@sha256:…` */
  readonly linuxFxVersion: string;
  readonly appSettings: Readonly<Record<string, string>>;
  readonly numberOfWorkers: number;
}

export interface SiteNames {
  /** `app`, or `app-slot` as the vendor's host names have it. */
  readonly site: string;
  readonly instance: string;
  readonly host: string;
  readonly region: string;
}

/** @returns `undefined` for a site without a container. */
export function containerOf(settings: SiteSettings, names: SiteNames): Container | undefined {
  const image = /^DOCKER\|(.+)$/i.exec(settings.linuxFxVersion)?.[1];
  if (image === undefined) return undefined;
  const app = settings.appSettings;
  const visible = Object.entries(app).filter(([name]) => !platformSettings.has(name));
  return {
    imageRef: image,
    // Unless told, the platform looks for what listens on 80 or 8080.
    port: Number(app.WEBSITES_PORT ?? app.PORT ?? 8080),
    injectsPort: appService.injectsPort.value,
    variables: {
      ...Object.fromEntries(visible),
      WEBSITE_SITE_NAME: names.site,
      WEBSITE_INSTANCE_ID: names.instance,
      WEBSITE_HOSTNAME: names.host,
      REGION_NAME: names.region,
    },
    instances: Math.max(1, settings.numberOfWorkers),
    probe: {
      target: {
        kind: 'http',
        path: app.WEBSITE_WARMUP_PATH ?? '/robots933456.txt',
        accepts: accepted(app.WEBSITE_WARMUP_STATUSES),
      },
      initialDelaySeconds: 0,
      periodSeconds: appService.start.periodSeconds.value,
      timeoutSeconds: appService.start.timeoutSeconds.value,
      limitSeconds: within(app.WEBSITES_CONTAINER_START_TIME_LIMIT, appService.start.limitSeconds.value, 10, 1800),
    },
    drainSeconds: within(app.WEBSITES_CONTAINER_STOP_TIME_LIMIT, appService.drainSeconds.value, 0, 120),
  };
}

/** Without `WEBSITE_WARMUP_STATUSES` any answer at all counts as started, an error too. */
function accepted(statuses: string | undefined): (status: number) => boolean {
  if (statuses === undefined) return () => true;
  const listed = statuses.split(',').map((one) => one.trim());
  return (status) =>
    listed.some((one) => {
      const [from, to = from] = one.split('-').map(Number);
      return from !== undefined && to !== undefined && status >= from && status <= to;
    });
}

function within(text: string | undefined, unset: number, least: number, most: number): number {
  const value = Number(text ?? unset);
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : unset;
}

export const frontDoorRules: FrontDoorRules = {
  requestDeadlineSeconds: appService.requestDeadlineSeconds.value,
  bodyLimitBytes: appService.bodyLimitBytes.value,
  concurrency: appService.concurrency.value.default,
  requestHeaders: ({ headers, socket }) => {
    // With the port, unlike the others.
    const client = `${socket.remoteAddress}:${socket.remotePort}`;
    return {
      'x-forwarded-for': [headers['x-forwarded-for'], client].filter(Boolean).join(', '),
      'x-forwarded-proto': 'http',
      'client-ip': client,
      'x-arr-log-id': randomUUID(),
    };
  },
  unavailable: { status: 503, body: ':( Application Error' },
  saturated: { status: 503, body: 'Service Unavailable' },
};
