import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createRequestLog } from '../../../../../app/serving/log.ts';
import { countedLines, countsRequests } from '../../../../clouds/aws/ecs-express/request-log.ts';
import { filterPattern, selected } from '../../../../emulator/control-planes/logs/filter-pattern.ts';

/** A line as the service writes it. */
function lineOf(facts: { readonly route: string; readonly status: number }): string {
  const written: string[] = [];
  const log = createRequestLog('INFO', null, (text) => written.push(text));
  const request = new IncomingMessage(new Socket());
  log.line({ request, requestId: 'r-1', method: 'GET', code: undefined, seconds: 0.0425, ...facts });
  log.flush();
  return written.join('');
}

const countedIn = (line: string) =>
  Object.entries(countedLines)
    .filter(([, { pattern }]) => filterPattern(pattern).matches(line))
    .map(([metric]) => metric);

it.each([
  ['an answer', { route: '/predict', status: 200 }, ['Requests', 'Latency']],
  ['a fault of the client', { route: '/predict', status: 422 }, ['Requests', 'Latency']],
  [
    'a fault of the service',
    { route: '/v2/models/:model/infer', status: 500 },
    ['Requests', 'ServerErrors', 'Latency'],
  ],
  ['too much at once', { route: '/predict', status: 503 }, ['Requests', 'ServerErrors', 'Latency']],
  ['a probe of a ready task', { route: '/v2/health/ready', status: 200 }, ['ReadyProbes']],
  ['a probe of a task that is not', { route: '/v2/health/ready', status: 503 }, []],
  ['a probe of a process', { route: '/v2/health/live', status: 200 }, []],
] as const)('%s is counted as what it is', (_, facts, metrics) => expect(countedIn(lineOf(facts))).toEqual(metrics));

it('the latency is the number of seconds in the line', () => {
  expect(selected(countedLines.Latency.value, lineOf({ route: '/predict', status: 200 }))).toBe(0.0425);
});

it.each([
  ['a word of the process', '{"time":"2026-11-21T10:00:00.000Z","severity":"ERROR","message":"model refused"}'],
  ['what is no JSON', 'Error: request failed at /predict'],
])('%s is no request', (_, line) => expect(countedIn(line)).toEqual([]));

it.each([
  [{ alarms: undefined, dashboard: false }, false],
  [{ alarms: { errorRatePercent: 1, latencyMilliseconds: 1000, notReadyMinutes: 5 }, dashboard: false }, true],
  [{ alarms: undefined, dashboard: true }, true],
])('%o: the log is counted: %s', (config, expected) => expect(countsRequests(config)).toBe(expected));
