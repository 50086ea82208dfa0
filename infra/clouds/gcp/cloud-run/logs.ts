// What Cloud Logging keeps of a Cloud Run service. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
import { z } from 'zod';
import type { LogLine, LogReader } from '../../../contract/logs.ts';
import { ask, type Connection } from '../../connection.ts';
import { mostLines, readLines } from '../../logs.ts';

/** Right it needs: `logging.logEntries.list`, in `roles/logging.viewer`. */
export function cloudRunLogs(connection: Connection): LogReader {
  const base = (connection.endpoint ?? 'https://logging.googleapis.com').replace(/\/+$/, '');
  return {
    read: (service, { fromMs, toMs }) =>
      readLines('Cloud Run', 'logging.logEntries.list', async () => {
        const { project, filter } = placeOf(service.coordinates.service ?? '');
        const lines: LogLine[] = [];
        for (let pageToken: string | undefined; ; ) {
          const body = {
            resourceNames: [`projects/${project}`],
            filter: `${filter} AND timestamp>="${new Date(fromMs).toISOString()}" AND timestamp<="${new Date(toMs).toISOString()}"`,
            orderBy: 'timestamp desc',
            pageSize: 1000,
            ...(pageToken === undefined ? {} : { pageToken }),
          };
          const { text } = await ask(connection, `${base}/v2/entries:list`, { method: 'POST', body });
          const page = answer.parse(JSON.parse(text));
          lines.push(...page.entries.map(lineOf));
          pageToken = page.nextPageToken;
          if (pageToken === undefined || pageToken === '' || lines.length >= mostLines) return lines;
        }
      }),
  };
}

/** @param name `projects/<project>/locations/<region>/services/<name>` */
function placeOf(name: string): { project: string; filter: string } {
  const { project, region, service } =
    /^projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/services\/(?<service>[^/]+)$/.exec(name)?.groups ?? {};
  if (project === undefined) throw new TypeError('expected the coordinate service of a Cloud Run service');
  return {
    project,
    filter: `resource.type="cloud_run_revision" AND resource.labels.service_name="${service}" AND resource.labels.location="${region}"`,
  };
}

const entry = z.object({
  logName: z.string(),
  timestamp: z.string(),
  textPayload: z.string().optional(),
  jsonPayload: z.record(z.string(), z.unknown()).optional(),
  protoPayload: z.record(z.string(), z.unknown()).optional(),
  httpRequest: z.record(z.string(), z.unknown()).optional(),
});
const answer = z.object({ entries: z.array(entry).default([]), nextPageToken: z.string().optional() });

/** `run.googleapis.com/stdout` and `stderr` are the container's, `varlog/system` and the audit log the platform's. */
function lineOf({ logName, timestamp, textPayload, ...payloads }: z.infer<typeof entry>): LogLine {
  const payload = payloads.jsonPayload ?? payloads.protoPayload ?? payloads.httpRequest ?? {};
  return {
    atMs: Date.parse(timestamp),
    from: /%2Fstd(out|err)$/.test(logName) ? 'container' : 'platform',
    text: textPayload ?? JSON.stringify(payload),
  };
}
