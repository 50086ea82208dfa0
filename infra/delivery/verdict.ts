// What several stacks come to together: the word for people, and the error code behind the exit code.
import type { DeliveryErrorCode } from '../contract/errors.ts';
import type { DeploymentState } from '../contract/fact.ts';

export interface Verdict {
  /** `undefined`: done. */
  readonly code: DeliveryErrorCode | undefined;
  readonly sentence: string;
}

/** The worst decides: a stack that is bad, then one that nobody can tell about, then one that went back. */
export function verdictOf(release: string, stacks: readonly { stack: string; state: DeploymentState }[]): Verdict {
  const named = (...states: DeploymentState[]) =>
    stacks.filter(({ state }) => states.includes(state)).map(({ stack }) => stack);
  const bad = named('failed', 'revert-failed');
  if (bad.length > 0) return { code: 'failed', sentence: `${release} failed on ${bad.join(', ')}` };
  const unknown = named('unknown', 'updating', 'proving', 'skipped');
  if (unknown.length > 0)
    return { code: 'errored', sentence: `could not tell about ${release} on ${unknown.join(', ')}` };
  const back = named('reverted');
  if (back.length > 0) {
    return { code: 'failed-and-rolled-back', sentence: `${release} failed and was rolled back on ${back.join(', ')}` };
  }
  return { code: undefined, sentence: `${release} is healthy on ${named('healthy').join(', ')}` };
}
