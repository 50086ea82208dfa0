// The words for what was found: `passed`, `failed` (the service is bad), `errored` (could not tell).
import { z } from 'zod';

export const outcomes = ['passed', 'failed', 'errored'] as const;
export type Outcome = (typeof outcomes)[number];

export const check = z.strictObject({
  /** `control-plane`, `identity`, `readiness`, `golden-predictions` (followed by the model, for others than the first), `parity`. */
  name: z.string().min(1),
  outcome: z.enum(outcomes),
  expected: z.string(),
  found: z.string(),
  seconds: z.number().nonnegative(),
  /** Where it was read: a URL, or an API operation with its field. */
  source: z.string(),
});
export type Check = z.infer<typeof check>;

/** `failed` when any check failed; else `errored` when any could not tell, or there is none; else `passed`. */
export function outcomeOf(checks: readonly Pick<Check, 'outcome'>[]): Outcome {
  if (checks.some((one) => one.outcome === 'failed')) return 'failed';
  if (checks.length === 0 || checks.some((one) => one.outcome === 'errored')) return 'errored';
  return 'passed';
}

/** The first check that did not pass, in one line: what was expected, what was found. */
export function reasonOf(checks: readonly Check[]): string | undefined {
  const bad = checks.find((one) => one.outcome === 'failed') ?? checks.find((one) => one.outcome === 'errored');
  return bad === undefined ? undefined : `${bad.name}: expected ${bad.expected}; found ${bad.found}`;
}
