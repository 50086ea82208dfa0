// CloudWatch Logs' FilterLogEvents on the wire, for the log groups of emulated services: AWS JSON 1.1, times in milliseconds.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { Handler, WireResponse } from '../../world.ts';

const request = z.strictObject({
  logGroupName: z.string().regex(/^[.\-_/#A-Za-z0-9]{1,512}$/),
  logStreamNamePrefix: z.string().optional(),
  startTime: z.int().nonnegative().optional(),
  endTime: z.int().nonnegative().optional(),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
});

export function cloudWatchLogsApi(host: RuntimeHost): Handler {
  return async ({ method, headers, body }) => {
    const operation = (headers['x-amz-target'] ?? '').split('.').at(-1);
    if (method !== 'POST' || operation !== 'FilterLogEvents')
      return refusal('UnknownOperationException', `${operation}`);
    const parsed = request.safeParse(parseJson(body));
    if (!parsed.success) return refusal('InvalidParameterException', z.prettifyError(parsed.error));
    const { logGroupName, startTime = 0, endTime = Number.MAX_SAFE_INTEGER, nextToken, limit } = parsed.data;
    const service = [...host.services].find(({ logGroups }) => Object.hasOwn(logGroups, logGroupName));
    const said = service?.book
      .between(startTime, endTime)
      .filter(({ from }) => from === service.logGroups[logGroupName]);
    // A group comes to be with its first line.
    if (service === undefined || said === undefined || service.book.between(0, Date.now()).length === 0) {
      return refusal('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    const offset = Number(nextToken ?? 0);
    const events = said.slice(offset, offset + limit).map(({ atMs, text }, index) => ({
      logStreamName: logGroupName.split('/').at(-1) ?? 'log',
      timestamp: atMs,
      ingestionTime: atMs,
      message: text,
      eventId: String(offset + index).padStart(56, '0'),
    }));
    const more = offset + limit < said.length ? { nextToken: String(offset + limit) } : {};
    return json(200, { events, searchedLogStreams: [], ...more });
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function refusal(type: string, message: string): WireResponse {
  return json(400, { __type: type, message });
}

function json(status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}
