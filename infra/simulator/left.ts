// What the legs of a promotion left live, read from the ledger alone: the second opinion on taking all of it back. Pure.
import type { Fact, FactOf } from '../contract/fact.ts';
import type { StackName } from '../contract/stack.ts';
import { everyStack } from './world.ts';

export interface Left {
  readonly name: StackName;
  readonly release: string;
  readonly replaced: string | null;
}

const badEnds: ReadonlySet<string> = new Set(['failed', 'reverted', 'revert-failed']);

/** The stacks whose leg ended healthy although another one failed; none once somebody else's promotion or rollback has begun. */
export function leftBy(facts: readonly Fact[], promotion: string): readonly Left[] {
  const started = facts.findIndex(
    (fact) => fact.kind === 'promotion' && fact.body.promotion === promotion && fact.body.state === 'started',
  );
  const start = facts[started];
  if (start?.kind !== 'promotion') return [];
  const { environment, release } = start;
  const since = facts.slice(started + 1).filter((fact) => 'environment' in fact && fact.environment === environment);
  const another = since.some(
    (fact) =>
      fact.kind === 'rollback' ||
      (fact.kind === 'promotion' && fact.body.promotion !== promotion && fact.body.state === 'started'),
  );
  const words = since.filter(
    (fact): fact is FactOf<'deployment'> => fact.kind === 'deployment' && fact.release === release,
  );
  const ends = new Map(words.map((word) => [word.stack, word.body]));
  if (another || ![...ends.values()].some(({ state }) => badEnds.has(state))) return [];
  return everyStack.flatMap(({ name }) => {
    const end = ends.get(name);
    return end?.state === 'healthy' ? [{ name, release, replaced: end.replaced }] : [];
  });
}
