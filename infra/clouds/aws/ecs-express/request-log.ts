// What CloudWatch counts in the service's request log, where the stack asks for alarms or a dashboard. Pure.
import { livePath, readyPath, type ServiceConfig } from '../../../contract/service.ts';

/** The service's setting by which it writes a line for each request. */
export const requestLogVariable = 'REQUEST_LOG';

/** Alarms and dashboard are made of the request log; without either it stays as the stack's own settings have it. */
export function countsRequests({ alarms, dashboard }: Pick<ServiceConfig, 'alarms' | 'dashboard'>): boolean {
  return alarms !== undefined || dashboard;
}

export interface Counted {
  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html */
  readonly pattern: string;
  /** A number, or the field it is in. */
  readonly value: string;
  readonly unit: 'Count' | 'Seconds';
  /** In a minute with lines and none that fits: a count is 0 then, and a latency is not. */
  readonly otherwise?: string;
}

/** The balancer's probes are lines too, and no requests of people. */
const people = `($.message = "request") && ($.route != "${readyPath}") && ($.route != "${livePath}")`;

/** By the names of their metrics. The fields are those of the service's request log, one JSON object a line. */
export const countedLines = {
  Requests: { pattern: `{ ${people} }`, value: '1', unit: 'Count', otherwise: '0' },
  ServerErrors: { pattern: `{ ${people} && ($.status >= 500) }`, value: '1', unit: 'Count', otherwise: '0' },
  Latency: { pattern: `{ ${people} && ($.seconds >= 0) }`, value: '$.seconds', unit: 'Seconds' },
  // The balancer asks every task every half minute.
  ReadyProbes: {
    pattern: `{ ($.message = "request") && ($.route = "${readyPath}") && ($.status = 200) }`,
    value: '1',
    unit: 'Count',
    otherwise: '0',
  },
} as const satisfies Readonly<Record<string, Counted>>;
