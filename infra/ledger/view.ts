// Facts read as state: what runs where, what was verified, where an environment stands. Pure; delivery and status decide from it.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../contract/release.ts';
import { type Environment, nearest } from '../contract/stack.ts';

/** What a stack runs, by the last deployment that ended in something known to run. */
export interface CurrentRelease {
  readonly release: string;
  readonly at: string;
  readonly state: 'healthy' | 'reverted';
  readonly environment: Environment;
  readonly endpoint?: string;
  readonly revision?: string;
}

/**
 * By stack name. `healthy` runs the fact's release; `reverted` runs the one it had replaced, or nothing, and then the stack is absent.
 * A deployment that ended otherwise (`failed`, `unknown`, `revert-failed`) changes nothing here: `deploymentsOf` tells of it.
 */
export function currentReleases(facts: readonly Fact[]): Map<string, CurrentRelease> {
  const current = new Map<string, CurrentRelease>();
  for (const fact of facts) {
    if (fact.kind !== 'deployment') continue;
    const { state, replaced, endpoint, revision } = fact.body;
    if (state !== 'healthy' && state !== 'reverted') continue;
    const release = state === 'healthy' ? fact.release : replaced;
    if (release === null) current.delete(fact.stack);
    else {
      current.set(fact.stack, {
        release,
        at: fact.at,
        state,
        environment: fact.environment,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(revision === undefined ? {} : { revision }),
      });
    }
  }
  return current;
}

/** By the newest verification of that release on that stack that could tell; one that errored takes nothing back. */
export function isVerified(facts: readonly Fact[], release: string, stack: string): boolean {
  const newest = facts.findLast(
    (fact) =>
      fact.kind === 'verification' &&
      fact.release === release &&
      fact.stack === stack &&
      fact.body.outcome !== 'errored',
  );
  return newest?.kind === 'verification' && newest.body.outcome === 'passed';
}

/**
 * Id of the newest fact about that environment; `null` when there is none. What an approval is bound to: whatever happened there since, voids it.
 * @param exceptPromotion its own promotion and approval facts are passed over, because approving is no change to the environment.
 */
export function environmentHead(
  facts: readonly Fact[],
  environment: Environment,
  exceptPromotion?: string,
): string | null {
  const newest = facts.findLast((fact) => {
    if (!('environment' in fact) || fact.environment !== environment) return false;
    const ownPaper = fact.kind === 'promotion' || fact.kind === 'approval';
    return !(ownPaper && exceptPromotion !== undefined && fact.body.promotion === exceptPromotion);
  });
  return newest?.id ?? null;
}

/** Newest first. */
export function releases(facts: readonly Fact[]): FactOf<'release'>[] {
  return facts.filter((fact): fact is FactOf<'release'> => fact.kind === 'release').reverse();
}

/** @throws DeliveryError `unknown-release`, with the nearest existing id; `digest-mismatch` when the manifest is not the one so named. */
export function manifestOf(facts: readonly Fact[], release: string): ReleaseManifest {
  const made = releases(facts);
  const found = made.find((fact) => fact.release === release);
  if (found !== undefined) return parseReleaseManifest(found.body.manifest, release);
  const known = made.map((fact) => fact.release);
  const meant = nearest(release, known);
  throw new DeliveryError(
    'unknown-release',
    `expected a release, ${known.length === 0 ? 'and none was made yet' : `one of ${known.slice(0, 5).join(', ')}`}; found \`${release}\``,
    { hint: meant === undefined ? 'list them: npx trireme history' : `did you mean \`${meant}\`?` },
  );
}

/** Every deployment fact of one stack, newest first: the facts of one try share `body.attempt`. */
export function deploymentsOf(facts: readonly Fact[], stack: string): FactOf<'deployment'>[] {
  return facts
    .filter((fact): fact is FactOf<'deployment'> => fact.kind === 'deployment' && fact.stack === stack)
    .reverse();
}

/** Do the stacks of one environment run different releases, or only some of them any? `stacks` are those that exist, of every environment. */
export function isSplit(facts: readonly Fact[], environment: Environment, stacks: readonly string[]): boolean {
  const current = currentReleases(facts);
  const running = stacks
    .filter((stack) => stack.endsWith(`-${environment}`))
    .map((stack) => current.get(stack)?.release ?? null);
  return new Set(running).size > 1;
}
