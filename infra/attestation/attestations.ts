// The port that delivery asks: bundles by digest, opened offline, held against the one workflow that may build a release.
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { DeliveryError } from '../contract/errors.ts';
import type { Attestations } from '../contract/ports.ts';
import { builtFrom, type ReleaseManifest } from '../contract/release.ts';
import type { Check } from '../contract/verification.ts';
import { type OpenedBundle, openBundle, UnbelievableBundle } from './bundle.ts';
import type { AttestationStore } from './github.ts';
import { actionsIssuer, faultsOfSigner, releaseWorkflow } from './signer.ts';
import {
  faultsOfProvenance,
  faultsOfSubject,
  type PredicateName,
  predicateNames,
  predicateTypes,
} from './statement.ts';

export interface AttestationsOptions {
  readonly store: AttestationStore;
  readonly roots: readonly TrustedRoot[];
  /** `owner/name` that attests what was built from this source; `undefined` where nobody can, or nobody here believes who does. */
  readonly repositoryOf: (source: string) => string | undefined;
  /** Milliseconds, for how long it took. */
  readonly now: () => number;
}

export function attestations({ store, roots, repositoryOf, now }: AttestationsOptions): Attestations {
  return {
    async verify(manifest) {
      const startedMs = now();
      const repository = repositoryOf(manifest.source.repository);
      const told = (name: PredicateName, verdict: Verdict): Check => ({
        name,
        ...verdict,
        expected: `attested by ${releaseWorkflow} of ${repository ?? manifest.source.repository}, ${actionsIssuer}`,
        seconds: (now() - startedMs) / 1000,
        source: `attestations of ${manifest.image.digest}`,
      });
      if (repository === undefined) {
        return predicateNames.map((name) =>
          told(name, { outcome: 'errored', found: 'a source that is not this repository on GitHub' }),
        );
      }
      let bundles: readonly unknown[];
      try {
        bundles = await store.bundles(repository, manifest.image.digest);
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        return predicateNames.map((name) => told(name, { outcome: 'errored', found: error.message }));
      }
      const judged = bundles.map((bundle) => judgeBundle(bundle, roots, repository, manifest));
      return predicateNames.map((name) => told(name, verdictFor(name, judged)));
    },
  };
}

interface JudgedBundle {
  /** Absent where it could not be opened: then it may be about anything. */
  readonly predicateType?: string;
  readonly run?: string | undefined;
  readonly faults: readonly string[];
}

/** Pure. Everything that is wrong with one bundle, for one release of one repository. */
export function judgeBundle(
  bundle: unknown,
  roots: readonly TrustedRoot[],
  repository: string,
  manifest: ReleaseManifest,
): JudgedBundle {
  let opened: OpenedBundle;
  try {
    opened = openBundle(bundle, roots);
  } catch (error) {
    if (!(error instanceof UnbelievableBundle)) throw error;
    return { faults: [`not to be believed: ${error.message}`] };
  }
  const { statement, signer } = opened;
  const { predicateType } = statement;
  const faults = [
    ...faultsOfSigner(signer, { repository, commit: builtFrom(manifest) }),
    ...faultsOfSubject(statement, manifest.image.digest),
    ...(predicateType === predicateTypes.provenance ? faultsOfProvenance(statement.predicate, manifest) : []),
  ];
  return { predicateType, run: signer.run, faults };
}

type Verdict = Pick<Check, 'outcome' | 'found'>;

/** One good one is enough: anybody who may write attestations could add a bad one beside it. None at all is not the same as a bad one. */
function verdictFor(name: PredicateName, judged: readonly JudgedBundle[]): Verdict {
  const about = judged.filter(({ predicateType }) => predicateType === predicateTypes[name]);
  const good = about.find(({ faults }) => faults.length === 0);
  if (good !== undefined) return { outcome: 'passed', found: good.run ?? 'so attested' };
  const bad = about[0] ?? judged.find(({ predicateType }) => predicateType === undefined);
  if (bad !== undefined) return { outcome: 'failed', found: bad.faults.join('; ') };
  return { outcome: 'errored', found: 'nothing attested' };
}
