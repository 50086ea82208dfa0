// What CloudWatch Logs keeps of a service, whichever runtime wrote it. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
import { CloudWatchLogsClient, type FilteredLogEvent, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { LogLine, LogReader } from '../../contract/logs.ts';
import type { DeployedService } from '../../contract/service.ts';
import type { Connection } from '../connection.ts';
import { mostLines, readLines } from '../logs.ts';
import { answerMilliseconds, unanswered } from './cloudwatch.ts';
import { sdkSettings } from './sdk.ts';

export interface LogGroups {
  readonly region: string;
  readonly groups: readonly { readonly name: string; readonly from: LogLine['from'] }[];
}

/** Right it needs: `logs:FilterLogEvents` on the groups. */
export function cloudWatchLogReader(
  product: string,
  { endpoint }: Pick<Connection, 'endpoint'>,
  groupsOf: (service: DeployedService) => LogGroups | Promise<LogGroups>,
): LogReader {
  return {
    read: (service, span) =>
      readLines(product, 'logs:FilterLogEvents', async () => {
        const { region, groups } = await groupsOf(service);
        const client = new CloudWatchLogsClient(sdkSettings('logs', region, endpoint));
        try {
          return (await Promise.all(groups.map((group) => linesOf(client, group, span)))).flat();
        } finally {
          client.destroy();
        }
      }),
  };
}

async function linesOf(
  client: CloudWatchLogsClient,
  { name, from }: LogGroups['groups'][number],
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<LogLine[]> {
  const events: FilteredLogEvent[] = [];
  const input = {
    logGroupName: name,
    startTime: Math.floor(span.fromMs),
    endTime: Math.ceil(span.toMs),
  };
  try {
    const pages = paginateFilterLogEvents({ client }, input, { abortSignal: AbortSignal.timeout(answerMilliseconds) });
    for await (const page of pages) {
      events.push(...(page.events ?? []));
      // Oldest first, unlike elsewhere: what is asked about is at the end.
      if (events.length > mostLines) events.splice(0, events.length - mostLines);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A group comes to be with its first line.
    if (error.name === 'ResourceNotFoundException') return [];
    throw unanswered(error);
  }
  return events.map(({ timestamp, message = '' }) => ({
    ...(timestamp === undefined ? {} : { atMs: timestamp }),
    from,
    text: message.replace(/\n$/, ''),
  }));
}
