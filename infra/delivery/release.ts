// Making a release: the manifest is put together once, gets its sequence number from the ledger, and is a fact from then on.
import type { FactOf } from '../contract/fact.ts';
import { parseReleaseManifest, type ReleaseManifest, releaseIdOf, releaseSchema } from '../contract/release.ts';
import { releases } from '../ledger/view.ts';
import { type Delivery, stamp } from './delivery.ts';

/** A manifest but for its place in the sequence. */
export type ReleaseParts = Omit<ReleaseManifest, 'schema' | 'sequence'>;

/**
 * Allocates the next sequence number by compare-and-swap and appends the `release` fact.
 * The same parts give a new release each time: whether that is wanted is the caller's decision.
 * @param stackFiles texts of the service stacks' files, by stack name.
 * @throws DeliveryError `document-invalid` when the parts are no manifest.
 */
export async function makeRelease(
  delivery: Pick<Delivery, 'ledger' | 'clock' | 'actor'>,
  parts: ReleaseParts,
  stackFiles?: Readonly<Record<string, string>>,
): Promise<ReleaseManifest> {
  const own = stamp(delivery);
  const kept = stackFiles === undefined ? {} : { stackFiles };
  const appended = await delivery.ledger.append((facts) => {
    const manifest = manifestOf(parts, nextSequence(releases(facts)));
    return [{ ...own, kind: 'release', release: releaseIdOf(manifest), body: { manifest, ...kept } }];
  });
  const made = appended.find((fact): fact is FactOf<'release'> => fact.kind === 'release');
  if (made === undefined) throw new Error('the ledger did not give back the release it was given');
  return made.body.manifest;
}

export function manifestOf(parts: ReleaseParts, sequence: number): ReleaseManifest {
  return parseReleaseManifest({ schema: releaseSchema, sequence, ...parts });
}

export function nextSequence(made: readonly FactOf<'release'>[]): number {
  return 1 + Math.max(0, ...made.map((fact) => fact.body.manifest.sequence));
}
