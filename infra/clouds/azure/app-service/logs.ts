// What App Service keeps of the containers of a site and its slot: their newest lines, not by time. https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs
import type { LogLine, LogReader } from '../../../contract/logs.ts';
import { ask, type Connection } from '../../connection.ts';
import { readLines } from '../../logs.ts';

const apiVersion = '2024-11-01';

const rights = 'Microsoft.Web/sites/containerlogs/action, for a slot Microsoft.Web/sites/slots/containerlogs/action';

/**
 * Rights it needs: `Microsoft.Web/sites/containerlogs/action`, for a slot `Microsoft.Web/sites/slots/containerlogs/action`.
 * Container logging to the file system must be on.
 */
export function appServiceLogs(connection: Connection): LogReader {
  const base = (connection.endpoint ?? 'https://management.azure.com').replace(/\/+$/, '');
  return {
    read: ({ coordinates }, { fromMs, toMs }) =>
      readLines('App Service', rights, async () => {
        if (coordinates.site === undefined) throw new TypeError('expected the coordinate site of an App Service site');
        const [site, slot] = await Promise.all([linesOf(coordinates.site), linesOf(coordinates.slot)]);
        const all = [...site, ...slot.map((line) => ({ ...line, text: `${slotMark}${line.text}` }))];
        return all.filter(({ atMs }) => atMs === undefined || (atMs >= fromMs && atMs <= toMs));
      }),
  };

  async function linesOf(id: string | undefined): Promise<readonly LogLine[]> {
    if (id === undefined) return [];
    // 204 before the first line.
    const { text } = await ask(connection, `${base}${id}/containerlogs?api-version=${apiVersion}`, { method: 'POST' });
    return linesIn(text);
  }
}

/** Before each line of the slot: most of the time another release than the site's runs there. */
const slotMark = '[candidate] ';

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
