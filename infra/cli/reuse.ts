// What decides whether a release takes the image of the one before it, read from git, the ledger and the registries.
import type { ReleaseManifest } from '../contract/release.ts';
import { builtFrom } from '../contract/release.ts';
import { layoutVersion } from '../image/layout.ts';
import { type ReuseQuestion, reasonsForNewImage } from '../image/reuse.ts';
import { changedPaths, type Source } from '../image/source.ts';
import { releases } from '../ledger/view.ts';
import type { CloudRepository } from './foundations.ts';
import type { Bench, BuildOptions } from './release-steps.ts';
import type { WiredDelivery } from './wiring.ts';

/** @returns the release whose image this one has, or why there must be another. */
export async function imageToReuse(
  { environment }: Bench,
  { ledger, client }: Pick<WiredDelivery, 'ledger' | 'client'>,
  source: Source,
  models: ReuseQuestion['models'],
  { engine, buildArgs = {} }: Pick<BuildOptions, 'engine' | 'buildArgs'>,
  repositories: readonly CloudRepository[],
): Promise<{ readonly earlier: ReleaseManifest } | { readonly reasons: readonly string[] }> {
  const last = releases(await ledger.facts())[0]?.body.manifest;
  const none = { last, dirty: source.dirty, models, buildArgs, changed: [], served: {} };
  const builtBy =
    engine === undefined
      ? { builder: 'layout' as const, builderVersion: layoutVersion }
      : { builder: 'dockerfile' as const, builderVersion: undefined };
  // What needs no registry and no history is asked first.
  const obvious = reasonsForNewImage({ ...none, ...builtBy });
  if (last === undefined || obvious.length > 0) return { reasons: obvious };
  const refs = repositories.map(({ repository }) => `${repository}@${last.image.digest}`);
  const [changed, ...digests] = await Promise.all([
    changedPaths(environment.checkout, builtFrom(last), source.commit),
    ...refs.map((ref) => client.resolve(ref)),
  ]);
  const served = Object.fromEntries(refs.map((ref, index) => [ref, digests[index]]));
  const reasons = reasonsForNewImage({ ...none, ...builtBy, changed, served });
  return reasons.length === 0 ? { earlier: last } : { reasons };
}
