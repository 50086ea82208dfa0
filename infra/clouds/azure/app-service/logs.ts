// What App Service keeps of a site's container: its newest lines, not by time. https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs
import type { LogLine, LogReader } from '../../../contract/logs.ts';
import { ask, type Connection } from '../../connection.ts';
import { readLines } from '../../logs.ts';

const apiVersion = '2024-11-01';

/** Right it needs: `Microsoft.Web/sites/containerlogs/action`; container logging to the file system must be on. */
export function appServiceLogs(connection: Connection): LogReader {
  const base = (connection.endpoint ?? 'https://management.azure.com').replace(/\/+$/, '');
  return {
    read: ({ coordinates }, { fromMs, toMs }) =>
      readLines('App Service', 'Microsoft.Web/sites/containerlogs/action', async () => {
        if (coordinates.site === undefined) throw new TypeError('expected the coordinate site of an App Service site');
        const url = `${base}${coordinates.site}/containerlogs?api-version=${apiVersion}`;
        // 204 before the first line.
        const { text } = await ask(connection, url, { method: 'POST' });
        return linesIn(text).filter(({ atMs }) => atMs === undefined || (atMs >= fromMs && atMs <= toMs));
      }),
  };
}

/** The platform begins a line with a time and a level; a container's own line belongs to the time of the line before it. */
const platformLine = /^(?<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\s+(?<message>(?:INFO|WARN|WARNING|ERROR)\s+-\s+.*)$/;
const timedLine = /^(?<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\s+(?<message>.*)$/;

export function linesIn(text: string): LogLine[] {
  let at: { atMs?: number } = {};
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => {
      const platform = platformLine.exec(line)?.groups;
      const timed = platform ?? timedLine.exec(line)?.groups;
      if (timed !== undefined) at = { atMs: Date.parse(timed.at ?? '') };
      return { ...at, from: platform === undefined ? 'container' : 'platform', text: timed?.message ?? line };
    });
}
