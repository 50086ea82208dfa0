// Azure Monitor's autoscale settings, as far as they scale a plan's workers by CPU: kept, shown, and followed by the plan's sites.
// https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update
import { z } from 'zod';
import { appService } from '../../../clouds/azure/app-service/runtime.ts';
import type { Scaling } from '../../runtimes/autoscaler.ts';
import type { WireRequest, WireResponse } from '../../world.ts';
import { json, refusal } from '../arm-json.ts';
import type { Site } from './site.ts';

const rule = z.looseObject({
  metricTrigger: z.looseObject({ metricName: z.string(), timeWindow: z.string(), threshold: z.number() }),
  scaleAction: z.looseObject({ direction: z.enum(['None', 'Increase', 'Decrease']) }),
});
const capacity = z.strictObject({ minimum: z.string(), maximum: z.string(), default: z.string() });
const body = z.looseObject({
  location: z.string(),
  properties: z.looseObject({
    enabled: z.boolean().default(false),
    targetResourceUri: z.string(),
    profiles: z.array(z.looseObject({ capacity, rules: z.array(rule) })).min(1),
  }),
});
type Setting = z.infer<typeof body>;

const path =
  /^(?<id>\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Insights\/autoscalesettings\/(?<name>[^/]+))$/i;

export class Autoscales {
  readonly #settings = new Map<string, Setting>();
  readonly #sites: () => Iterable<Site>;

  constructor(sites: () => Iterable<Site>) {
    this.#sites = sites;
  }

  /** @returns `undefined` for what is no request about autoscale settings. */
  answer(request: WireRequest): WireResponse | undefined {
    const { pathname } = new URL(request.url, 'http://management.azure.com');
    const { id, name = '' } = path.exec(decodeURIComponent(pathname))?.groups ?? {};
    if (id === undefined) return undefined;
    const key = id.toLowerCase();
    if (request.method === 'PUT') {
      const parsed = body.safeParse(JSON.parse(request.body.toString('utf8')));
      if (!parsed.success) return refusal(400, 'BadRequest', z.prettifyError(parsed.error));
      this.#settings.set(key, parsed.data);
      for (const site of this.#sites()) this.apply(site);
      return shown(id, name, parsed.data);
    }
    const setting = this.#settings.get(key);
    if (request.method === 'DELETE') {
      this.#settings.delete(key);
      for (const site of this.#sites()) this.apply(site);
      return { status: setting === undefined ? 204 : 200 };
    }
    if (request.method !== 'GET' || setting === undefined) {
      return refusal(
        404,
        'ResourceNotFound',
        `The Resource 'Microsoft.Insights/autoscalesettings/${name}' was not found.`,
      );
    }
    return shown(id, name, setting);
  }

  /** A site runs on all workers of its plan, and so does each of its slots. */
  apply(site: Site): void {
    const plan = String(site.properties.serverFarmId ?? '').toLowerCase();
    const setting = [...this.#settings.values()].find(
      ({ properties }) => properties.enabled && properties.targetResourceUri.toLowerCase() === plan,
    );
    const scaling = setting === undefined ? undefined : scalingOf(setting);
    if (JSON.stringify(scaling) === JSON.stringify(site.scaling)) return;
    site.scaling = scaling;
    site.hosted.scale(scaling);
  }
}

/** Average CPU over the rule's window: longer above adds one worker, longer below takes one away. */
export function scalingOf({ properties }: Setting): Scaling | undefined {
  const [profile] = properties.profiles;
  const of = (direction: string) =>
    profile?.rules.find(
      (one) => one.scaleAction.direction === direction && one.metricTrigger.metricName === 'CpuPercentage',
    );
  const more = of('Increase')?.metricTrigger;
  if (profile === undefined || more === undefined) return undefined;
  const { autoscaling } = appService;
  return {
    rule: {
      ...autoscaling.value,
      outSeconds: secondsOf(more.timeWindow) ?? autoscaling.value.outSeconds,
      inSeconds: secondsOf(of('Decrease')?.metricTrigger.timeWindow ?? '') ?? autoscaling.value.inSeconds,
    },
    min: Number(profile.capacity.minimum),
    max: Number(profile.capacity.maximum),
    capacity: { concurrency: null, cpuPercent: more.threshold },
    cpus: 1,
  };
}

/** Minutes and hours of ISO 8601. */
function secondsOf(duration: string): number | undefined {
  const [, hours = '0', minutes = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(duration) ?? [];
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  return seconds > 0 ? seconds : undefined;
}

function shown(id: string, name: string, setting: Setting): WireResponse {
  return json(200, { ...setting, id, name, type: 'Microsoft.Insights/autoscaleSettings' });
}
