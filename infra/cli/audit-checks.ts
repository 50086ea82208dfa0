// What an audit asks, one check each: the ledger, every registry, what is attested, and the same image built once more.
import { sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import { manifestHash, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Check, Outcome } from '../contract/verification.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Rebuilt } from './rebuild.ts';

/** The newest word about what is attested to a release. */
export function attestationFactOf(facts: readonly Fact[], release: string): FactOf<'attestation'> | undefined {
  return facts.findLast(
    (fact): fact is FactOf<'attestation'> => fact.kind === 'attestation' && fact.release === release,
  );
}

/** Reading the ledger has checked its chain and every manifest against its name already. */
export function ledgerCheck(facts: readonly Fact[], manifest: ReleaseManifest): Check {
  const release = releaseIdOf(manifest);
  const known = facts.filter((fact) => fact.kind === 'release' && fact.release === release).length;
  const attested = attestationFactOf(facts, release)?.body.subject;
  const faults = [
    ...(known === 1 ? [] : [`${known} facts of ${release}`]),
    ...(attested === undefined || attested === manifest.image.digest ? [] : [`an attestation about ${attested}`]),
  ];
  const expected = `one release with the manifest ${manifestHash(manifest).slice(0, 12)}`;
  return checkOf('ledger', expected, faults.join('; ') || 'so recorded', faults.length === 0 ? 'passed' : 'failed', 0);
}

/** Of each cloud: the image under its digest, and beside it the SBOM that the ledger has the hash of. */
export function registryChecks(
  client: Pick<RegistryClient, 'resolve' | 'attached'>,
  { image }: ReleaseManifest,
  sbom: string | undefined,
  sbomMediaType: string,
): Promise<readonly Check[]> {
  return Promise.all(
    image.copies.map(({ cloud, ref }) =>
      timed(
        `registry-${cloud}`,
        `${image.digest}${sbom === undefined ? '' : ` with the SBOM ${sbom.slice(0, 12)}`}`,
        async () => {
          const found = await client.resolve(ref);
          if (found !== image.digest) return { outcome: 'failed', found: found ?? 'no such image' };
          const beside = (await client.attached(ref, sbomMediaType)).map((bytes) => sha256(bytes));
          if (sbom === undefined || beside.includes(sbom)) return { outcome: 'passed', found: 'so served' };
          const other =
            beside.length === 0 ? 'no SBOM' : `the SBOM ${beside.map((one) => one.slice(0, 12)).join(', ')}`;
          return { outcome: 'failed', found: `the image with ${other}` };
        },
      ),
    ),
  );
}

export function rebuildCheck({ image }: ReleaseManifest, again: () => Promise<Rebuilt>): Promise<Check> {
  return timed('rebuild', image.digest, async () => {
    const { digest, differences } = await again();
    return differences.length === 0
      ? { outcome: 'passed', found: `the same: ${digest}` }
      : { outcome: 'failed', found: differences.join('; ') };
  });
}

interface Found {
  readonly outcome: Outcome;
  readonly found: string;
}

/** Bytes that are not what their digest says are a finding; whatever else goes wrong leaves it open. */
async function timed(name: string, expected: string, look: () => Promise<Found>): Promise<Check> {
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  try {
    const { outcome, found } = await look();
    return checkOf(name, expected, found, outcome, seconds());
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    const outcome = error.code === 'digest-mismatch' ? 'failed' : 'errored';
    return checkOf(name, expected, `${error.message}${hint}`, outcome, seconds());
  }
}

function checkOf(name: string, expected: string, found: string, outcome: Outcome, seconds: number): Check {
  return { name, expected, found, outcome, seconds, source: 'audit' };
}
