import { readFile } from 'node:fs/promises';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { type SbomInputs, sbomOf } from '../../attestation/sbom.ts';
import { type Lockfile, productionPackages } from '../../image/production-packages.ts';
import { manifest } from './sample-release.ts';

const lock = JSON.parse(await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as Lockfile;
const locked = productionPackages(lock, 'app');
const inputs: SbomInputs = {
  image: manifest.image,
  source: manifest.source,
  packages: locked.map(({ location, ...rest }) => ({ ...rest, name: location.replace(/^.*node_modules\//, '') })),
  models: manifest.models,
  bases: [
    { name: 'docker.io/library/node', digest: `sha256:${'2'.repeat(64)}` },
    { name: 'gcr.io/distroless/cc-debian12:nonroot', digest: undefined },
  ],
};

interface Component {
  readonly type: string;
  readonly name: string;
  readonly group?: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { alg: string; content: string }[];
  readonly licenses?: unknown;
}
const read = (text: string) =>
  JSON.parse(text) as { components: Component[]; metadata: { component: Component }; serialNumber?: string };

describe('the SBOM of a release', () => {
  it("is valid by CycloneDX's own schema, to the letter", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(sbomOf(inputs))).toBeNull();
    expect(
      await validator.validate(sbomOf(inputs).replace('"bomFormat":"CycloneDX"', '"bomFormat":"Other"')),
    ).not.toBeNull();
  });

  it('is the same bytes for the same release, in whatever order it is told', () => {
    const turned = { ...inputs, packages: inputs.packages.toReversed(), bases: inputs.bases.toReversed() };
    expect(sbomOf(turned)).toBe(sbomOf(inputs));
    const { serialNumber, metadata } = read(sbomOf(inputs));
    expect([serialNumber, 'timestamp' in metadata]).toEqual([undefined, false]);
  });

  it('holds every package of the image with its hash and licence, every model, every base', () => {
    const { components } = read(sbomOf(inputs));
    const libraries = components.filter(({ type }) => type === 'library');
    expect(libraries).toHaveLength(locked.length);
    expect(libraries.filter(({ hashes, licenses }) => !hashes?.length || !licenses).map(({ name }) => name)).toEqual(
      [],
    );
    expect(libraries.map(({ name }) => name)).toContain('express');
    expect(components.filter(({ type }) => type === 'machine-learning-model')).toMatchObject([
      { name: 'wine', hashes: [{ alg: 'SHA-256', content: 'f'.repeat(64) }] },
    ]);
    const bases = components.filter(({ type }) => type === 'container');
    expect(bases.map(({ name, hashes = [] }) => [name, hashes.map(({ content }) => content)])).toEqual([
      ['docker.io/library/node', ['2'.repeat(64)]],
      ['gcr.io/distroless/cc-debian12:nonroot', []],
    ]);
  });

  it('is about the image, by digest', () => {
    expect(read(sbomOf(inputs)).metadata.component).toMatchObject({
      name: 'trireme',
      version: manifest.image.digest,
      hashes: [{ alg: 'SHA-256', content: 'd'.repeat(64) }],
    });
  });

  it("turns npm's integrity into hexadecimal, and knows scopes", () => {
    const packages = [
      {
        name: '@a/b',
        version: '1.0.0+x',
        integrity: `sha512-${Buffer.alloc(64, 3).toString('base64')}`,
        license: 'My own',
      },
    ];
    const [component] = read(sbomOf({ ...inputs, packages, models: [], bases: [] })).components;
    expect(component).toMatchObject({
      group: '@a',
      name: 'b',
      purl: 'pkg:npm/%40a/b@1.0.0+x',
      hashes: [{ alg: 'SHA-512', content: '03'.repeat(64) }],
      licenses: [{ license: { name: 'My own' } }],
    });
  });
});
