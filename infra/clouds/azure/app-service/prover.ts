// Proves, by App Service's control plane and the application's own answer, that a release runs in production or in the slot, or that it does not.
import { z } from 'zod';
import type { Prover } from '../../../contract/ports.ts';
import { type DeployedService, type Stage, versionPath } from '../../../contract/service.ts';
import { ask, type Connection } from '../../connection.ts';
import { paceOf, pollUntilTold, readBaseline, Unanswered } from '../../polling.ts';
import { type AppServiceObservation, judge, newestLine } from './judgement.ts';
import { appService } from './runtime.ts';

/** Rights it needs: `Microsoft.Web/sites/Read`, `sites/config/Read`, `sites/instances/read`, `sites/containerlogs/action`; for slots the same. */
export function appServiceProver(connection: Connection): Prover {
  const { clock, timeScale } = connection;
  const arm: Arm = {
    asking: connection,
    base: (connection.endpoint ?? 'https://management.azure.com').replace(/\/+$/, ''),
  };

  return {
    runtime: appService,

    async baseline(service) {
      const ids = service === undefined ? [] : idsOf(service);
      return readBaseline('App Service', clock, async () => {
        const newest = await Promise.all(ids.map(async (id) => [id, newestLine(await readLog(arm, id))] as const));
        return Object.fromEntries(newest.filter(([, at]) => at !== undefined));
      });
    },

    async prove({ service, release, stage, baseline }, { signal } = {}) {
      const { id, endpoint } = provenAt(service, stage);
      const before = z.record(z.string(), z.string()).parse(baseline);
      const { sharePercent: percent } = service;
      const wanted = stage === 'share' && percent !== undefined ? [{ host: new URL(endpoint).host, percent }] : [];
      const site = service.coordinates.site ?? id;
      const check = await pollUntilTold({
        look: async () => judge(await observe(arm, { id, site, endpoint }, signal), before, release, wanted),
        expected: `${release.releaseId} in ${id}`,
        source: `${arm.base}${id}`,
        pace: paceOf(appService, timeScale),
        clock,
        signal,
      });
      return [check];
    },
  };
}

interface Arm {
  readonly asking: Pick<Connection, 'token' | 'fetch'>;
  readonly base: string;
}

function idsOf({ coordinates }: DeployedService): string[] {
  return [coordinates.site, coordinates.slot].filter((id) => id !== undefined);
}

/** A candidate is proven in its slot, with a share of the requests too; a live release in production. */
function provenAt(service: DeployedService, stage: Stage): { id: string; endpoint: string } {
  const { site, slot } = service.coordinates;
  const beside = stage !== 'live';
  const id = beside ? slot : site;
  const endpoint = beside ? service.candidateEndpoint : service.endpoint;
  if (id === undefined || endpoint === undefined) {
    throw new TypeError(`expected the coordinates and the endpoint of an App Service ${beside ? 'slot' : 'site'}`);
  }
  return { id, endpoint };
}

const apiVersion = '2024-11-01';
const siteResource = z.object({ properties: z.object({ state: z.string() }) });
const rampUpRule = z.object({ actionHostName: z.string().default(''), reroutePercentage: z.number().default(0) });
const webConfig = z.object({
  properties: z.object({
    linuxFxVersion: z.string().nullish(),
    experiments: z.object({ rampUpRules: z.array(rampUpRule).nullish() }).nullish(),
  }),
});
const instanceList = z.object({
  value: z.array(z.object({ properties: z.object({ state: z.string().nullish() }) })),
});

async function observe(
  arm: Arm,
  { id, site: siteId, endpoint }: { id: string; site: string; endpoint: string },
  signal: AbortSignal | undefined,
): Promise<AppServiceObservation> {
  // The application's answer before the log: what is said later can only be newer.
  const identity = await readIdentity(arm.asking.fetch, endpoint, signal);
  const [site, config, instances, log, production] = await Promise.all([
    read(arm, id, siteResource, signal),
    read(arm, `${id}/config/web`, webConfig, signal),
    read(arm, `${id}/instances`, instanceList, signal),
    readLog(arm, id, signal),
    // The rules stand in production's configuration, whoever is proven.
    id === siteId ? undefined : read(arm, `${siteId}/config/web`, webConfig, signal),
  ]);
  const rules = (production ?? config)?.properties.experiments?.rampUpRules ?? [];
  return {
    id,
    state: site?.properties.state,
    linuxFxVersion: config?.properties.linuxFxVersion ?? undefined,
    diverted: rules.map((rule) => ({ host: rule.actionHostName, percent: rule.reroutePercentage })),
    instances: (instances?.value ?? []).map((one) => one.properties.state ?? 'UNKNOWN'),
    log,
    identity,
  };
}

async function read<T>(
  { asking, base }: Arm,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const answer = await ask(asking, `${base}${path}?api-version=${apiVersion}`, { signal });
  return answer.status === 404 ? undefined : schema.parse(JSON.parse(answer.text));
}

/** Without the right to read it, or before there is one, the log is empty: it gives a reason, never a proof. */
async function readLog({ asking, base }: Arm, id: string, signal?: AbortSignal | undefined): Promise<string[]> {
  try {
    const url = `${base}${id}/containerlogs?api-version=${apiVersion}`;
    const answer = await ask(asking, url, { method: 'POST', signal });
    return answer.status === 200 ? answer.text.split(/\r?\n/) : [];
  } catch (error) {
    if (error instanceof Unanswered && !error.passing) return [];
    throw error;
  }
}

const identityBody = z.object({
  releaseId: z.string().optional(),
  imageDigest: z.string().optional(),
  buildId: z.string().optional(),
});

async function readIdentity(
  fetch: Connection['fetch'],
  endpoint: string,
  signal: AbortSignal | undefined,
): Promise<AppServiceObservation['identity']> {
  const timeout = AbortSignal.timeout(10_000);
  try {
    const response = await fetch(`${endpoint}${versionPath}`, {
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    if (response.status !== 200) return { status: response.status };
    const parsed = identityBody.safeParse(parseJson(text));
    return { status: 200, body: parsed.success ? defined(parsed.data) : undefined };
  } catch (error) {
    signal?.throwIfAborted();
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function defined(body: z.infer<typeof identityBody>): Record<string, string> {
  return Object.fromEntries(Object.entries(body).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
