// What CloudWatch's GetMetricData answers to one query, minute by minute.

/** @param values minute of the hour → value; a minute without one has no data point. */
export function metricResult(Id: string, values: Readonly<Record<number, number>>) {
  return {
    Id,
    StatusCode: 'Complete' as const,
    Timestamps: Object.keys(values).map((at) => new Date(Date.UTC(2026, 10, 21, 10, Number(at)))),
    Values: Object.values(values),
  };
}
