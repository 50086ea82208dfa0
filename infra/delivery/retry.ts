// Which try of a release on a stack this is: what a platform was given once it takes for what it has, failed or not. Pure.
import type { DeploymentState, Fact } from '../contract/fact.ts';
import type { DeploymentRequest } from '../contract/ports.ts';
import type { StackName } from '../contract/stack.ts';
import { attemptsOnceMore } from './once-more.ts';

/** The release was there, and was bad. What nobody could tell of may be good, and is asked for as it was. */
const bad: ReadonlySet<DeploymentState> = new Set(['failed', 'reverted', 'revert-failed']);

/**
 * @param attempt one that is not counted: the one that asks, which deploys the same throughout.
 * @returns how many attempts failed that brought it, for a request; nothing where none did, so that a release which is there already stays as it is.
 */
export function retryOf(
  facts: readonly Fact[],
  stack: StackName,
  release: string,
  attempt?: string,
): Pick<DeploymentRequest, 'retry'> {
  const failed = new Set(
    facts.flatMap((fact) =>
      fact.kind === 'deployment' && fact.stack === stack && fact.release === release && bad.has(fact.body.state)
        ? [fact.body.attempt]
        : [],
    ),
  );
  for (const other of attemptsOnceMore(facts)) failed.delete(other);
  if (attempt !== undefined) failed.delete(attempt);
  return failed.size === 0 ? {} : { retry: failed.size };
}
