// The numbers AWS keeps about a service, as alarms and the dashboard ask for them; each runtime says which metrics of CloudWatch they are.
import type { Input } from '@pulumi/pulumi';

export interface Metric {
  /** `AWS/AppRunner`. */
  readonly namespace: string;
  readonly name: string;
  /** Left out: the metric has none. */
  readonly dimensions?: Input<Record<string, Input<string>>>;
}

export interface ServiceMetrics {
  readonly requests: Metric;
  /** Answers of 5xx. */
  readonly serverErrors: Metric;
  /** `perMillisecond`: 1 where the metric is in milliseconds, 0.001 where it is in seconds. */
  readonly latency: Metric & { readonly perMillisecond: number };
  /** What shows on the dashboard that somebody is there to serve, with the words for it. */
  readonly readiness: Metric & { readonly title: string; readonly statistic: 'Sum' | 'Maximum' };
  /**
   * CloudWatch metric math over one-minute values, by the names used in it: 1 in a minute in which nobody could be served, else 0.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
   */
  readonly notReady: {
    readonly expression: string;
    /** What a span says in which none of them has a value. */
    readonly silence: 'breaching' | 'notBreaching';
    readonly metrics: Readonly<Record<string, Metric & { readonly statistic: 'Sum' | 'Minimum' | 'Maximum' }>>;
  };
  /** More lines for the dashboard, by their titles: CPU, memory. Averages. */
  readonly others: Readonly<Record<string, Metric>>;
}
