// The release that runs, put live once more: how the ledger tells a rotation and a restoration from a release that came. Pure.
import type { Fact, FactOf } from '../contract/fact.ts';

/** How the reason of a rotation begins in the ledger, and that of a restoration. */
export const rotationWord = 'secrets: ';
export const restorationWord = 'restored: ';

/** Of an attempt's first fact. What then went wrong says nothing of the release, which was proven when it came. */
export function isOnceMore({ body: { reason = '' } }: FactOf<'deployment'>): boolean {
  return [rotationWord, restorationWord].some((word) => reason.startsWith(word));
}

/** Names of the attempts that put a release live once more. */
export function attemptsOnceMore(facts: readonly Fact[]): ReadonlySet<string> {
  return new Set(
    facts.flatMap((fact) =>
      fact.kind === 'deployment' && fact.body.state === 'updating' && isOnceMore(fact) ? [fact.body.attempt] : [],
    ),
  );
}
