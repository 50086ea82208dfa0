import { describe, expect, it } from 'vitest';
import { attestationFactOf, ledgerCheck, rebuildCheck, registryChecks } from '../../cli/audit-checks.ts';
import { attestationFact } from '../../cli/release-evidence.ts';
import { sha256 } from '../../contract/canonical.ts';
import { DeliveryError } from '../../contract/errors.ts';
import type { Fact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import type { Check } from '../../contract/verification.ts';
import { manifest } from '../attestation/sample-release.ts';
import { World } from '../delivery/world.ts';

const sbom = Buffer.from('{"bomFormat":"CycloneDX"}');
const kind = 'application/vnd.cyclonedx+json';

describe('a registry', () => {
  const ask = async (resolve: string | undefined, beside: readonly Buffer[] | DeliveryError) => {
    const attached = async () => {
      if (beside instanceof DeliveryError) throw beside;
      return beside;
    };
    const [check] = await registryChecks({ resolve: async () => resolve, attached }, manifest, sha256(sbom), kind);
    return `${check?.name} ${check?.outcome}: ${check?.found}`;
  };
  const { digest } = manifest.image;

  it.each([
    ['has both', digest, [Buffer.from('{}'), sbom], /^registry-gcp passed/],
    ['has another image', 'sha256:other', [sbom], /failed: sha256:other/],
    ['has no image', undefined, [sbom], /failed: no such image/],
    ['has no SBOM', digest, [], /failed: the image with no SBOM/],
    ['has another SBOM', digest, [Buffer.from('{}')], /failed: the image with the SBOM 44136fa355b3/],
    ['serves altered bytes', digest, new DeliveryError('digest-mismatch', 'altered'), /failed: altered/],
    [
      'does not answer',
      digest,
      new DeliveryError('cloud-unreachable', 'silence', { hint: 'wait' }),
      /errored: silence \(wait\)/,
    ],
  ] as const)('that %s', async (_what, resolved, beside, words) => {
    expect(await ask(resolved, beside)).toMatch(words);
  });
});

describe('the ledger', () => {
  it('knows the release once, and no attestation of another image', async () => {
    const world = new World();
    const made = await world.release();
    expect(ledgerCheck(world.facts, made).outcome).toBe('passed');
    expect(ledgerCheck([], made)).toMatchObject({ outcome: 'failed', found: expect.stringContaining('0 facts') });
    const other = attestationFact(
      world.delivery(),
      { ...made, image: { ...made.image, digest: 'sha256:other' } },
      undefined,
      [],
      '',
    );
    const fact = { ...other, release: releaseIdOf(made) } as Fact;
    expect(ledgerCheck([...world.facts, fact], made).found).toContain('sha256:other');
  });

  it('is believed in its newest word', () => {
    const facts = ['first', 'second'].map(
      (note) => ({ kind: 'attestation', release: 'rel-1-a', body: { note } }) as Fact,
    );
    expect(attestationFactOf(facts, 'rel-1-a')?.body.note).toBe('second');
    expect(attestationFactOf(facts, 'rel-2-b')).toBeUndefined();
  });
});

describe('what is recorded of an attestation', () => {
  const check = (name: string, outcome: Check['outcome']): Check => ({
    name,
    outcome,
    expected: '',
    found: `${name} ${outcome}`,
    seconds: 0,
    source: '',
  });
  const record = (checks: readonly Check[] | undefined) => {
    const fact = attestationFact(new World().delivery(), manifest, 'a'.repeat(64), checks, 'nobody signed');
    return fact.kind === 'attestation' ? fact.body : undefined;
  };

  it('is attested only when everything is', () => {
    expect(record([check('provenance', 'passed'), check('sbom', 'passed')])).toMatchObject({
      attested: true,
      predicates: ['https://slsa.dev/provenance/v1', 'https://cyclonedx.org/bom'],
    });
    expect(record([check('provenance', 'passed'), check('sbom', 'errored')])).toMatchObject({
      attested: false,
      predicates: ['https://slsa.dev/provenance/v1'],
      note: 'sbom: sbom errored',
    });
    expect(record(undefined)).toMatchObject({ attested: false, predicates: [], note: 'nobody signed' });
  });
});

it('a rebuild that differs has failed; one that could not be made is open', async () => {
  const same = await rebuildCheck(manifest, async () => ({ digest: manifest.image.digest, differences: [] }));
  const other = await rebuildCheck(manifest, async () => ({ digest: 'sha256:x', differences: ['lock file: …'] }));
  const open = await rebuildCheck(manifest, async () => {
    throw new DeliveryError('errored', 'no such commit');
  });
  expect([same, other, open].map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'errored']);
});
