// Who wrote what a promotion brings: everything between what the environment runs and the candidate, not only since the release before. Pure.
import type { Fact } from '../contract/fact.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import { releases } from '../ledger/view.ts';
import { sequenceOf } from './sequence.ts';

/**
 * Each manifest names the authors since the release before it; a promotion that skips releases brings all of theirs.
 * @param previous by stack, what it runs; the oldest counts. Where no stack runs anything, everything ever released is new there.
 * @returns `name <email>` or whatever the manifests say, each once.
 */
export function authorsBrought(
  facts: readonly Fact[],
  manifest: ReleaseManifest,
  previous: Readonly<Record<string, string | null>>,
): readonly string[] {
  const running = Object.values(previous).flatMap((release) => (release === null ? [] : [sequenceOf(release)]));
  const since = Math.min(...running, manifest.sequence);
  const from = running.length === 0 ? 0 : since;
  const between = releases(facts)
    .map((fact) => fact.body.manifest)
    .filter(({ sequence }) => sequence > from && sequence < manifest.sequence)
    .flatMap(({ source }) => source.authors);
  return [...new Set([...manifest.source.authors, ...between])];
}
