// How many days CloudWatch can keep logs for.

/** The only days CloudWatch knows: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
export const retentionDays: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function retentionFaults(days: number): string[] {
  if (retentionDays.includes(days)) return [];
  return [`logRetentionDays: expected one of ${retentionDays.join(', ')} on AWS; found ${days}`];
}
