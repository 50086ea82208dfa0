// Azure Resource Manager's Microsoft.Web on the wire: sites and slots, their configuration, instances and logs.
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { HostedService } from '../../runtimes/hosted-service.ts';
import type { Handler, WireRequest, WireResponse } from '../../world.ts';
import { json, refusal } from '../arm-json.ts';
import { Autoscales } from './autoscale.ts';
import { frontDoorRules } from './container.ts';
import { siteMetrics } from './metrics.ts';
import { appSettings, instanceOf, siteResource, webConfig } from './resource.ts';
import { Site } from './site.ts';

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update#rampuprule */
const rampUpRule = z.looseObject({
  actionHostName: z.string(),
  reroutePercentage: z.number().min(0).max(100).optional(),
  name: z.string().optional(),
});

const siteConfig = z.looseObject({
  linuxFxVersion: z
    .string()
    .regex(/^(DOCKER\|.+)?$/i, 'only containers are emulated: expected DOCKER|<image>')
    .optional(),
  appSettings: z.array(z.strictObject({ name: z.string(), value: z.string().nullish() })).optional(),
  numberOfWorkers: z.int().min(1).nullish(),
  experiments: z.strictObject({ rampUpRules: z.array(rampUpRule).nullish() }).nullish(),
});
type SiteConfig = z.infer<typeof siteConfig>;
const siteBody = z.looseObject({
  location: z.string().optional(),
  kind: z.string().optional(),
  tags: z.record(z.string(), z.string()).nullish(),
  identity: z.looseObject({}).nullish(),
  properties: z.looseObject({ siteConfig: siteConfig.nullish() }).default({}),
});
const stringsBody = z.looseObject({ properties: z.record(z.string(), z.string()) });
const configBody = z.looseObject({ properties: siteConfig });

const path =
  /^(?<site>\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Web\/sites\/(?<app>[^/]+)(?:\/slots\/(?<slot>[^/]+))?)(?:\/(?<rest>.+))?$/i;

interface Exchange {
  readonly site: Site;
  readonly request: WireRequest;
}

export function appServiceApi(host: RuntimeHost): Handler {
  const sites = new Map<string, Site>();
  const autoscales = new Autoscales(() => sites.values());

  /** Production's requests go to its slots as its rules say; a rule that names another host leads nowhere. */
  const divert = () => {
    for (const [key, site] of sites) {
      const slots = [...sites].filter(([other]) => other.startsWith(`${key}/slots/`)).map(([, slot]) => slot.hosted);
      site.hosted.divert(
        (site.experiments?.rampUpRules ?? []).flatMap(({ actionHostName, reroutePercentage = 0 }) => {
          const slot = slots.find(({ url }) => url === `http://${actionHostName}`);
          return slot === undefined || reroutePercentage === 0 ? [] : [[slot, reroutePercentage] as const];
        }),
      );
    }
  };

  /** Below one existing site, by method and the path's rest in lower case. */
  const below: Readonly<Record<string, (exchange: Exchange) => WireResponse>> = {
    'GET config/web': ({ site }) => json(200, webConfig(site)),
    'PATCH config/web': ({ site, request }) => {
      configure(site, parse(configBody, request).properties);
      divert();
      return json(200, webConfig(site));
    },
    'PUT config/web': ({ site, request }) => {
      configure(site, parse(configBody, request).properties);
      divert();
      return json(200, webConfig(site));
    },
    'PUT config/appsettings': ({ site, request }) => {
      site.settings = { ...site.settings, appSettings: parse(stringsBody, request).properties };
      site.recycle();
      return json(200, appSettings(site));
    },
    'POST config/appsettings/list': ({ site }) => json(200, appSettings(site)),
    'GET instances': ({ site }) => json(200, { value: [instanceOf(site)] }),
    'POST containerlogs': ({ site }) => containerLogs(site),
    'GET providers/microsoft.insights/metrics': ({ site, request }) => {
      const answer = siteMetrics(site, new URL(request.url, 'http://management.azure.com').searchParams);
      if (typeof answer === 'string') throw new Refusal(400, 'BadRequest', answer);
      return json(200, answer);
    },
    'POST start': ({ site }) => {
      site.start();
      return { status: 200 };
    },
    'POST stop': ({ site }) => {
      site.stop();
      return { status: 200 };
    },
    'POST restart': ({ site }) => {
      site.recycle();
      return { status: 200 };
    },
  };

  const put = async (
    id: string,
    app: string,
    slot: string | undefined,
    request: WireRequest,
  ): Promise<WireResponse> => {
    const body = parse(siteBody, request);
    const parent = sites.get(keyOf(id.replace(/\/slots\/[^/]+$/i, '')));
    if (slot !== undefined && parent === undefined) {
      throw new Refusal(404, 'ResourceNotFound', `The Resource 'Microsoft.Web/sites/${app}' was not found.`);
    }
    let site = sites.get(keyOf(id));
    if (site === undefined) {
      const name = slot === undefined ? app : `${app}/${slot}`;
      if (body.location === undefined) {
        throw new Refusal(400, 'LocationRequired', 'The location property is required for this definition.');
      }
      const hosted = await HostedService.open(host, 'azure', name, frontDoorRules);
      site = new Site(host, hosted, { id, name, location: body.location, kind: body.kind ?? 'app,linux,container' });
      sites.set(keyOf(id), site);
    }
    const { siteConfig: config, ...properties } = body.properties;
    site.tags = body.tags ?? site.tags;
    site.identity = body.identity ?? site.identity;
    site.properties = { ...site.properties, ...properties };
    configure(site, config ?? {});
    divert();
    autoscales.apply(site);
    return json(200, siteResource(site));
  };

  const remove = async (id: string): Promise<WireResponse> => {
    const site = sites.get(keyOf(id));
    if (site === undefined) return { status: 204 };
    const gone = [...sites].filter(([key]) => key === keyOf(id) || key.startsWith(`${keyOf(id)}/slots/`));
    for (const [key] of gone) sites.delete(key);
    divert();
    await Promise.all(gone.map(([, one]) => one.delete()));
    return { status: 200 };
  };

  const answer = async (request: WireRequest): Promise<WireResponse> => {
    const url = new URL(request.url, 'http://management.azure.com');
    if (!url.searchParams.has('api-version')) {
      throw new Refusal(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      );
    }
    const autoscale = autoscales.answer(request);
    if (autoscale !== undefined) return autoscale;
    const { site: id, app = '', slot, rest } = path.exec(decodeURIComponent(url.pathname))?.groups ?? {};
    if (id === undefined)
      throw new Refusal(404, 'InvalidResourceType', `The resource type could not be found: ${url.pathname}`);
    if (rest === undefined && request.method === 'PUT') return put(id, app, slot, request);
    if (rest === undefined && request.method === 'DELETE') return remove(id);
    const site = sites.get(keyOf(id));
    if (site === undefined) {
      const name = slot === undefined ? `Microsoft.Web/sites/${app}` : `Microsoft.Web/sites/${app}/slots/${slot}`;
      throw new Refusal(404, 'ResourceNotFound', `The Resource '${name}' was not found.`);
    }
    if (rest === undefined && request.method === 'GET') return json(200, siteResource(site));
    if (rest?.toLowerCase() === 'slots' && request.method === 'GET') {
      const slots = [...sites].filter(([key]) => key.startsWith(`${keyOf(id)}/slots/`));
      return json(200, { value: slots.map(([, one]) => siteResource(one)) });
    }
    const route = `${request.method} ${rest?.toLowerCase()}`;
    const handle = Object.hasOwn(below, route) ? below[route] : undefined;
    if (handle === undefined)
      throw new Refusal(404, 'NotFound', `No route registered for '${request.method} ${url.pathname}'`);
    return handle({ site, request });
  };

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (error instanceof Refusal) return refusal(error.status, error.code, error.message);
      return refusal(500, 'InternalServerError', String(error));
    }
  };
}

/** Given keys replace, absent ones stay; a change of what the container is made of recycles it. */
function configure(site: Site, config: SiteConfig): void {
  const { linuxFxVersion, appSettings: listed, numberOfWorkers, experiments, ...rest } = config;
  site.experiments = experiments ?? site.experiments;
  const before = JSON.stringify([site.settings, site.siteConfig.acrUseManagedIdentityCreds]);
  site.siteConfig = { ...site.siteConfig, ...rest };
  site.settings = {
    linuxFxVersion: linuxFxVersion ?? site.settings.linuxFxVersion,
    appSettings:
      listed === undefined
        ? site.settings.appSettings
        : Object.fromEntries(listed.map(({ name, value }) => [name, value ?? ''])),
    numberOfWorkers: numberOfWorkers ?? site.settings.numberOfWorkers,
  };
  if (JSON.stringify([site.settings, site.siteConfig.acrUseManagedIdentityCreds]) !== before) site.recycle();
}

/** The platform's lines, then the container's own. */
function containerLogs(site: Site): WireResponse {
  const lines = [
    ...site.platformLog.lines(),
    ...(site.hosted.live?.instances() ?? []).flatMap((instance) => instance.log.lines()),
  ];
  if (lines.length === 0) return { status: 204 };
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: `${lines.join('\n')}\n` };
}

/** Resource names are not case sensitive. */
function keyOf(id: string): string {
  return id.toLowerCase();
}

function parse<T>(schema: z.ZodType<T>, request: WireRequest): T {
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized.');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Refusal(400, 'BadRequest', `The parameters are invalid: ${faults.join('; ')}`);
}
