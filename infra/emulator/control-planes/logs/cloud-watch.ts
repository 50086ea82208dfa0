// CloudWatch Logs' FilterLogEvents on the wire, for the log groups of emulated services: AWS JSON 1.1, times in milliseconds.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { Handler } from '../../world.ts';
import { oneOperation, pageOf, Refusal } from '../aws-json.ts';
import { type FilterPattern, filterPattern } from './filter-pattern.ts';

const request = z.strictObject({
  logGroupName: z.string().regex(/^[.\-_/#A-Za-z0-9]{1,512}$/),
  logStreamNamePrefix: z.string().optional(),
  filterPattern: z.string().max(1024).default(''),
  startTime: z.int().nonnegative().optional(),
  endTime: z.int().nonnegative().optional(),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
});

export function cloudWatchLogsApi(host: RuntimeHost): Handler {
  const asked = { version: '1.1', schema: request, invalid: 'InvalidParameterException' } as const;
  return oneOperation(
    'FilterLogEvents',
    asked,
    ({ logGroupName, startTime = 0, endTime, nextToken, limit, ...rest }) => {
      const service = [...host.services].find(({ logGroups }) => Object.hasOwn(logGroups, logGroupName));
      // A group comes to be with its first line.
      if (service === undefined || service.book.between(0, Date.now()).length === 0) {
        throw new Refusal('ResourceNotFoundException', 'The specified log group does not exist.');
      }
      const wanted = patternOf(rest.filterPattern);
      const said = service.book
        .between(startTime, endTime ?? Number.MAX_SAFE_INTEGER)
        .filter(({ from, text }) => from === service.logGroups[logGroupName] && wanted.matches(text));
      const { items, next } = pageOf(said, limit, nextToken);
      const events = items.map(({ atMs, text }, index) => ({
        logStreamName: logGroupName.split('/').at(-1) ?? 'log',
        timestamp: atMs,
        ingestionTime: atMs,
        message: text,
        eventId: String(Number(nextToken ?? '0') + index).padStart(56, '0'),
      }));
      return { events, searchedLogStreams: [], ...(next === undefined ? {} : { nextToken: next }) };
    },
  );
}

function patternOf(text: string): FilterPattern {
  try {
    return filterPattern(text);
  } catch (error) {
    throw new Refusal('InvalidParameterException', `Invalid filter pattern: ${String(error)}`);
  }
}
