// What is in the image, as a CycloneDX document: packages of the lock file, models, base images. The same release gives the same bytes.
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import { canonicalJson } from '../contract/canonical.ts';
import { type ModelOfRelease, modelWord } from '../contract/release.ts';
import type { BaseImage } from './statement.ts';

/** https://www.iana.org/assignments/media-types/application/vnd.cyclonedx+json */
export const sbomMediaType = 'application/vnd.cyclonedx+json';

/** One installed package, as the lock file tells of it. */
export interface SbomPackage {
  /** `@scope/name` */
  readonly name: string;
  readonly version: string;
  /** Subresource integrity, `sha512-…`. */
  readonly integrity: string | undefined;
  /** SPDX, where the package says one. */
  readonly license: string | undefined;
}

export interface SbomInputs {
  readonly image: {
    readonly name: string;
    readonly digest: string;
    readonly builder: string;
    readonly platform: string;
  };
  readonly source: { readonly repository: string; readonly commit: string };
  readonly packages: readonly SbomPackage[];
  readonly models: readonly ModelOfRelease[];
  readonly bases: readonly BaseImage[];
}

/**
 * Canonical JSON, without a serial number and without a time: who made it when is in the ledger. Everything is listed as a direct
 * part of the image; which package asked for which is in the lock file, whose digest the provenance names.
 */
export function sbomOf({ image, source, packages, models, bases }: SbomInputs): string {
  const bom = new Models.Bom();
  const whole = new Models.Component(Enums.ComponentType.Container, image.name, {
    bomRef: 'image',
    version: image.digest,
    hashes: sha256Hash(image.digest),
    purl: new PackageURL('oci', undefined, image.name, image.digest, undefined, undefined).toString(),
  });
  for (const [name, value] of Object.entries({
    'trireme:builder': image.builder,
    'trireme:platform': image.platform,
    'trireme:source': `${source.repository}@${source.commit}`,
  })) {
    whole.properties.add(new Models.Property(name, value));
  }
  bom.metadata.component = whole;
  for (const component of [...packages.map(packageOf), ...models.map(modelOf), ...bases.map(baseOf)]) {
    bom.components.add(component);
    whole.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return canonicalJson(JSON.parse(serializer.serialize(bom, { sortLists: true })));
}

function packageOf({ name, version, integrity, license }: SbomPackage): Models.Component {
  const [scope, bare] = name.startsWith('@') ? name.split('/', 2) : [undefined, name];
  const purl = new PackageURL('npm', scope, bare ?? name, version, undefined, undefined).toString();
  const component = new Models.Component(Enums.ComponentType.Library, bare ?? name, {
    bomRef: purl,
    version,
    purl,
    ...(scope === undefined ? {} : { group: scope }),
    hashes: integrityHashes(integrity),
  });
  if (license !== undefined) component.licenses.add(licenseOf(license));
  return component;
}

function modelOf(model: ModelOfRelease): Models.Component {
  const { name, digest } = model;
  return new Models.Component(Enums.ComponentType.MachineLearningModel, name, {
    bomRef: `model:${modelWord(model)}`,
    version: digest,
    hashes: sha256Hash(digest),
  });
}

/** A base without a digest has no hash: what was in it that day, nobody can tell. */
function baseOf({ name, digest }: BaseImage): Models.Component {
  return new Models.Component(Enums.ComponentType.Container, name, {
    bomRef: `base:${name}`,
    ...(digest === undefined ? {} : { version: digest, hashes: sha256Hash(digest) }),
  });
}

function licenseOf(text: string): Models.SpdxLicense | Models.LicenseExpression | Models.NamedLicense {
  if (SPDX.isSupportedSpdxId(text)) return new Models.SpdxLicense(text);
  return new Models.NamedLicense(text);
}

/** `sha512-<base64>`, several of them separated by spaces. */
function integrityHashes(integrity: string | undefined): Models.HashDictionary {
  const hashes = new Models.HashDictionary();
  for (const one of (integrity ?? '').split(/\s+/)) {
    const [, kind, encoded] = /^(sha1|sha256|sha384|sha512)-(.+)$/.exec(one) ?? [];
    const algorithm = kind === undefined ? undefined : algorithms[kind];
    if (algorithm !== undefined && encoded !== undefined) {
      hashes.set(algorithm, Buffer.from(encoded, 'base64').toString('hex'));
    }
  }
  return hashes;
}

const algorithms: Readonly<Record<string, Enums.HashAlgorithm>> = {
  sha1: Enums.HashAlgorithm['SHA-1'],
  sha256: Enums.HashAlgorithm['SHA-256'],
  sha384: Enums.HashAlgorithm['SHA-384'],
  sha512: Enums.HashAlgorithm['SHA-512'],
};

function sha256Hash(digest: string): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], digest.replace(/^sha256:/, '')]]);
}
