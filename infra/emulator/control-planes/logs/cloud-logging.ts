// Cloud Logging's entries.list on the wire, for what Cloud Run services and their containers said.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import type { Said } from '../../runtimes/log.ts';
import type { Handler } from '../../world.ts';
import { json, refusal } from '../google-json.ts';

const request = z.strictObject({
  resourceNames: z
    .array(z.string().regex(/^projects\/[^/]+$/))
    .min(1)
    .max(100),
  filter: z.string().max(20_000).default(''),
  orderBy: z.enum(['timestamp asc', 'timestamp desc']).default('timestamp asc'),
  pageSize: z.int().min(1).max(1000).default(50),
  pageToken: z.string().optional(),
});

export function cloudLoggingApi(host: RuntimeHost): Handler {
  return async ({ method, url, body }) => {
    const { pathname } = new URL(url, 'http://logging.googleapis.com');
    if (method !== 'POST' || pathname !== '/v2/entries:list') return refusal(404, 'NOT_FOUND', `${method} ${pathname}`);
    const parsed = request.safeParse(parseJson(body));
    if (!parsed.success) return refusal(400, 'INVALID_ARGUMENT', z.prettifyError(parsed.error));
    const { resourceNames, filter, orderBy, pageSize, pageToken } = parsed.data;
    const asked = askedIn(filter);
    if (asked === undefined) return refusal(400, 'INVALID_ARGUMENT', `Unparseable filter: ${filter}`);

    const entries = [...host.services]
      .filter(({ cloud, resource }) => cloud === 'gcp' && resourceNames.some((name) => resource.startsWith(`${name}/`)))
      .filter(({ resource }) => {
        const [, , , location, , service] = resource.split('/');
        return (asked.location ?? location) === location && (asked.service ?? service) === service;
      })
      .flatMap((service) => service.book.between(asked.fromMs, asked.toMs).map((said) => entryOf(service, said)))
      .sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    const ordered = orderBy === 'timestamp desc' ? entries.reverse() : entries;
    const offset = Number(pageToken ?? 0);
    const page = ordered.slice(offset, offset + pageSize);
    return json(200, {
      ...(page.length === 0 ? {} : { entries: page }),
      ...(offset + pageSize < ordered.length ? { nextPageToken: String(offset + pageSize) } : {}),
    });
  };
}

interface Asked {
  readonly service?: string;
  readonly location?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Equality of the labels of a Cloud Run revision and bounds of time, joined by AND; of Google's filter language no more. */
function askedIn(filter: string): Asked | undefined {
  let asked: Asked = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  for (const term of filter.split(' AND ')) {
    const {
      name,
      operator,
      value = '',
    } = /^(?<name>[a-z_.]+)(?<operator>=|>=|<=)"(?<value>[^"]*)"$/.exec(term.trim())?.groups ?? {};
    const wanted = `${name}${operator}`;
    if (wanted === 'resource.type=') {
      if (value !== 'cloud_run_revision') return undefined;
    } else if (wanted === 'resource.labels.service_name=') asked = { ...asked, service: value };
    else if (wanted === 'resource.labels.location=') asked = { ...asked, location: value };
    else if (wanted === 'timestamp>=') asked = { ...asked, fromMs: Date.parse(value) };
    else if (wanted === 'timestamp<=') asked = { ...asked, toMs: Date.parse(value) };
    else return undefined;
  }
  return Number.isNaN(asked.fromMs) || Number.isNaN(asked.toMs) ? undefined : asked;
}

/** A line of JSON is taken apart, as the vendor does: https://cloud.google.com/run/docs/logging#using-json */
function entryOf({ resource }: HostedService, { atMs, from, text }: Said) {
  const [, project = '', , location = '', , service = ''] = resource.split('/');
  const log = from === 'container' ? 'stdout' : 'varlog%2Fsystem';
  return {
    logName: `projects/${project}/logs/run.googleapis.com%2F${log}`,
    resource: {
      type: 'cloud_run_revision',
      labels: { project_id: project, location, service_name: service, configuration_name: service },
    },
    timestamp: new Date(atMs).toISOString(),
    receiveTimestamp: new Date(atMs).toISOString(),
    insertId: `${atMs}-${text.length}`,
    severity: from === 'platform' ? 'INFO' : 'DEFAULT',
    ...payloadOf(text),
  };
}

function payloadOf(text: string): { textPayload: string } | { jsonPayload: unknown } {
  if (!text.startsWith('{')) return { textPayload: text };
  try {
    return { jsonPayload: JSON.parse(text) };
  } catch {
    return { textPayload: text };
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
