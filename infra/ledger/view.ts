// Facts read as state: what runs where, what was verified, where an environment stands. Pure; delivery and status decide from it.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../contract/release.ts';
import { type Environment, nearest } from '../contract/stack.ts';
import { type CurrentRelease, indexOf, onStack } from './index-of.ts';

export type { CurrentRelease } from './index-of.ts';

/**
 * By stack name. `healthy` runs the fact's release; `reverted` runs the one it had replaced, or nothing, and then the stack is absent,
 * as it is after a `removal`. A deployment that ended otherwise (`failed`, `unknown`, `revert-failed`) changes nothing here:
 * `deploymentsOf` tells of it.
 */
export function currentReleases(facts: readonly Fact[]): ReadonlyMap<string, CurrentRelease> {
  return indexOf(facts).current;
}

/** By the newest verification of that release on that stack that could tell; one that errored takes nothing back. */
export function isVerified(facts: readonly Fact[], release: string, stack: string): boolean {
  const made = indexOf(facts).verifications.get(onStack(stack, release)) ?? [];
  return made.find((fact) => fact.body.outcome !== 'errored')?.body.outcome === 'passed';
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
  const newest = (indexOf(facts).environment.get(environment) ?? []).find((fact) => {
    const ownPaper = fact.kind === 'promotion' || fact.kind === 'approval';
    return !(ownPaper && exceptPromotion !== undefined && fact.body.promotion === exceptPromotion);
  });
  return newest?.id ?? null;
}

/** Newest first. */
export function releases(facts: readonly Fact[]): readonly FactOf<'release'>[] {
  return indexOf(facts).releases;
}

/** @throws DeliveryError `unknown-release`, with the nearest existing id; `digest-mismatch` when the manifest is not the one so named. */
export function manifestOf(facts: readonly Fact[], release: string): ReleaseManifest {
  const found = indexOf(facts).release.get(release);
  if (found !== undefined) return believed(found);
  const known = releases(facts).map((fact) => fact.release);
  const meant = nearest(release, known);
  throw new DeliveryError(
    'unknown-release',
    `expected a release, ${known.length === 0 ? 'and none was made yet' : `one of ${known.slice(0, 5).join(', ')}`}; found \`${release}\``,
    { hint: meant === undefined ? 'list them: npx trireme history' : `did you mean \`${meant}\`?` },
  );
}

/** A fact never changes: its manifest is parsed and hashed once, however often delivery asks. */
const manifests = new WeakMap<FactOf<'release'>, ReleaseManifest>();

function believed(fact: FactOf<'release'>): ReleaseManifest {
  const known = manifests.get(fact);
  if (known !== undefined) return known;
  const manifest = parseReleaseManifest(fact.body.manifest, fact.release);
  manifests.set(fact, manifest);
  return manifest;
}

/** Every deployment fact of one stack, newest first: the facts of one try share `body.attempt`. */
export function deploymentsOf(facts: readonly Fact[], stack: string): readonly FactOf<'deployment'>[] {
  return indexOf(facts).deployments.get(stack) ?? [];
}

/** Do the stacks of one environment run different releases, or only some of them any? `stacks` are those that exist, of every environment. */
export function isSplit(facts: readonly Fact[], environment: Environment, stacks: readonly string[]): boolean {
  const current = currentReleases(facts);
  const running = stacks
    .filter((stack) => stack.endsWith(`-${environment}`))
    .map((stack) => current.get(stack)?.release ?? null);
  return new Set(running).size > 1;
}
