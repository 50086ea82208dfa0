// Does a measure grow? A straight line through samples, with the range that it lies in 19 times of 20. Pure.

export interface Sample {
  readonly seconds: number;
  readonly value: number;
}

export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

/** Samples of one window count as their lowest: what garbage collection has not come to yet is no growth. */
export const windowSamples = 5;

/** Least squares over the windows' lowest values. @throws RangeError for fewer than four windows. */
export function slopeOf(samples: readonly Sample[]): Slope {
  const windows = Array.from({ length: Math.floor(samples.length / windowSamples) }, (_, index) =>
    samples.slice(index * windowSamples, (index + 1) * windowSamples).reduce((a, b) => (b.value < a.value ? b : a)),
  );
  if (windows.length < 4)
    throw new RangeError(`expected at least 4 windows of ${windowSamples} samples; found ${windows.length}`);
  const mean = (of: (sample: Sample) => number) => windows.reduce((sum, one) => sum + of(one), 0) / windows.length;
  const [at, level] = [mean(({ seconds }) => seconds), mean(({ value }) => value)];
  const spread = windows.reduce((sum, { seconds }) => sum + (seconds - at) ** 2, 0);
  const perSecond = windows.reduce((sum, { seconds, value }) => sum + (seconds - at) * (value - level), 0) / spread;
  const residual = windows.reduce(
    (sum, { seconds, value }) => sum + (value - level - perSecond * (seconds - at)) ** 2,
    0,
  );
  const error = Math.sqrt(residual / (windows.length - 2) / spread) * studentOf(windows.length - 2);
  const hourly = (one: number) => one * 3600;
  return { perHour: hourly(perSecond), low: hourly(perSecond - error), high: hourly(perSecond + error) };
}

/** Grows for certain, and by more than is allowed. */
export function grows({ low }: Slope, allowedPerHour: number): boolean {
  return low > allowedPerHour;
}

/** The 97.5 % quantile of Student's distribution, to one part in a hundred from four degrees of freedom on (Cornish and Fisher). */
function studentOf(degrees: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}
