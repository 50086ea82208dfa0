/** The middle of some numbers; the mean of the two middle ones where their count is even. @throws RangeError for none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('expected at least one number; found none');
  return (lower + upper) / 2;
}
