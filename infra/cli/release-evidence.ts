// What a release leaves for whoever asks what is in it and who built it: SBOM and provenance on disk, the SBOM beside the image, a fact.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { FactOf, NewFact } from '../contract/fact.ts';
import type { Report } from '../contract/ports.ts';
import { builtFrom, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Check } from '../contract/verification.ts';
import { stamp } from '../delivery/delivery.ts';
import type { BaseImage } from '../image/base-images.ts';
import { type Lockfile, productionPackages } from '../image/production-packages.ts';
import { attestEmulated } from './attestations.ts';
import type { CliEnvironment } from './environment.ts';
import type { WiredDelivery } from './wiring.ts';

export interface BuildMaterials {
  readonly bases: readonly BaseImage[];
  readonly buildArgs: Readonly<Record<string, string>>;
}

export interface EvidenceMaterials extends BuildMaterials {
  /** Built for this release. An image that an earlier one built was signed then, by the run that built it. */
  readonly isNew: boolean;
}

/** `.trireme/releases/<id>.sbom.json` and `.provenance.json`: predicates for `actions/attest`. */
export function evidencePath(stateDirectory: string, release: string, what: 'sbom' | 'provenance'): string {
  return join(stateDirectory, 'releases', `${release}.${what}.json`);
}

/** Signed where the emulated clouds can; in GitHub Actions the workflow's next steps sign what lies on disk then. */
export async function leaveEvidence(
  { environment, report }: { readonly environment: CliEnvironment; readonly report: Report },
  delivery: Pick<WiredDelivery, 'client' | 'ledger' | 'clock' | 'actor' | 'attestations'>,
  manifest: ReleaseManifest,
  materials: EvidenceMaterials,
): Promise<void> {
  const { sbomOf, sbomMediaType } = await import('../attestation/sbom.ts');
  const { provenanceOf } = await import('../attestation/statement.ts');
  const lock = JSON.parse(await readFile(join(environment.checkout, 'package-lock.json'), 'utf8')) as Lockfile;
  const source = { ...manifest.source, commit: builtFrom(manifest) };
  const sbom = sbomOf({ ...manifest, source, packages: packagesOf(lock), bases: materials.bases });
  const provenance = provenanceOf(manifest, { ...materials, run: runUrl(environment) });
  const id = releaseIdOf(manifest);
  await writeFile(evidencePath(environment.stateDirectory, id, 'sbom'), sbom);
  await writeFile(evidencePath(environment.stateDirectory, id, 'provenance'), canonicalJson(provenance));

  report({ message: `putting the SBOM beside the image in ${manifest.image.copies.length} registries` });
  const bytes = Buffer.from(sbom);
  await Promise.all(
    manifest.image.copies.map(({ ref }) =>
      delivery.client.attach(ref, { artifactType: sbomMediaType, bytes }).catch((error: unknown) => {
        if (!(error instanceof DeliveryError) || error.code !== 'errored') throw error;
        // The image is good, and the ledger holds the document's hash: a registry that lists it not is no reason to stop.
        report({ message: `${ref}: the SBOM could not be put beside it: ${error.message}` });
      }),
    ),
  );
  if (environment.emulated !== undefined && materials.isNew) {
    await attestEmulated(environment, manifest, { provenance, sbom: JSON.parse(sbom) });
  }
  const isSigned = environment.emulated !== undefined || !materials.isNew;
  const checks = isSigned ? await delivery.attestations?.verify(manifest) : undefined;
  await delivery.ledger.append(() => [
    attestationFact(delivery, manifest, sha256(sbom), checks, notSigned(environment)),
  ]);
}

/** What stands in the ledger of it. @param otherwise why nothing is signed, where nobody has looked yet. */
export function attestationFact(
  delivery: Pick<WiredDelivery, 'clock' | 'actor'>,
  manifest: ReleaseManifest,
  sbom: string | undefined,
  checks: readonly Check[] | undefined,
  otherwise: string,
): NewFact {
  const good = (checks ?? []).filter(({ outcome }) => outcome === 'passed');
  const bad = (checks ?? []).find(({ outcome }) => outcome !== 'passed');
  const attested = checks !== undefined && bad === undefined;
  const body: FactOf<'attestation'>['body'] = {
    subject: manifest.image.digest,
    attested,
    predicates: good.map(({ name }) => predicates[name] ?? name),
    ...(sbom === undefined ? {} : { sbom }),
    note: attested ? (good[0]?.found ?? 'verified') : bad === undefined ? otherwise : `${bad.name}: ${bad.found}`,
  };
  return { ...stamp(delivery), kind: 'attestation', release: releaseIdOf(manifest), body };
}

const predicates: Readonly<Record<string, string>> = {
  provenance: 'https://slsa.dev/provenance/v1',
  sbom: 'https://cyclonedx.org/bom',
};

export function packagesOf(lock: Lockfile) {
  return productionPackages(lock, 'app').map(({ location, ...rest }) => ({
    ...rest,
    name: location.replace(/^.*node_modules\//, ''),
  }));
}

function notSigned({ actions }: CliEnvironment): string {
  return actions === undefined
    ? 'released outside GitHub Actions: nobody could sign for it'
    : 'not signed yet: the next steps of the workflow do';
}

function runUrl({ actions }: CliEnvironment): string | undefined {
  return actions === undefined ? undefined : `${actions.serverUrl}/${actions.repository}/actions/runs/${actions.runId}`;
}
