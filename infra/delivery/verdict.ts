// What several stacks come to together: the word for people, and the error code behind the exit code.
import type { DeliveryErrorCode } from '../contract/errors.ts';
import type { StackOutcome } from './delivery.ts';

export interface Verdict {
  /** `undefined`: done. */
  readonly code: DeliveryErrorCode | undefined;
  readonly sentence: string;
}

type Judged = Pick<StackOutcome, 'stack' | 'state' | 'overtaken' | 'refused'>;

/**
 * The worst decides: a stack that is bad, then one that nobody can tell about, then one that went back. A stack that another attempt has is
 * that one's to tell about; who came too late and touched nothing was stopped by a rule.
 */
export function verdictOf(release: string, stacks: readonly Judged[]): Verdict {
  const overtaken = stacks.filter((one) => one.overtaken !== undefined);
  const named = (...states: StackOutcome['state'][]) =>
    stacks
      .filter((one) => states.includes(one.state) && !overtaken.includes(one) && one.refused !== true)
      .map(({ stack }) => stack);
  const bad = named('failed', 'revert-failed');
  if (bad.length > 0) return { code: 'failed', sentence: `${release} failed on ${bad.join(', ')}` };
  const unknown = named('unknown', 'updating', 'proving', 'skipped');
  if (unknown.length > 0)
    return { code: 'errored', sentence: `could not tell about ${release} on ${unknown.join(', ')}` };
  if (overtaken.some((one) => one.overtaken?.touched === true)) {
    return { code: 'errored', sentence: `${overtakenInWords(release, overtaken)} and touched nothing more` };
  }
  const back = named('reverted');
  if (back.length > 0) {
    return { code: 'failed-and-rolled-back', sentence: `${release} failed and was rolled back on ${back.join(', ')}` };
  }
  const refused = stacks.filter((one) => one.refused === true).map(({ stack }) => stack);
  if (refused.length > 0) {
    return { code: 'refused', sentence: `${release} was refused on ${refused.join(', ')}: nothing was touched there` };
  }
  if (overtaken.length > 0) {
    return { code: 'refused', sentence: `${overtakenInWords(release, overtaken)} and touched nothing` };
  }
  return { code: undefined, sentence: `${release} is healthy on ${named('healthy').join(', ')}` };
}

function overtakenInWords(release: string, overtaken: readonly Judged[]): string {
  const by = [...new Set(overtaken.flatMap((one) => one.overtaken?.by ?? []))];
  return `${release} was overtaken by ${by.join(' and ')} on ${overtaken.map(({ stack }) => stack).join(', ')}`;
}
