// A bundle that GitHub Actions really signed: the provenance of sigstore-js 1.3.0, from the examples of github.com/sigstore/sigstore-go (Apache-2.0).
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openBundle, UnbelievableBundle } from '../../attestation/bundle.ts';
import { faultsOfSigner } from '../../attestation/signer.ts';
import { parseTrustedRoots, publicGoodRoots } from '../../attestation/trusted-root.ts';
import { createSigner } from '../../emulator/github/sigstore.ts';

const text = await readFile(new URL('./sigstore-js-1.3.0-provenance.json', import.meta.url), 'utf8');
const commit = 'dae8bd8eb433a4147b4655c00fe73e0f22bc0fb1';

it("is believed with Sigstore's public roots, and is of that repository's release workflow on main", () => {
  const { signer, statement } = openBundle(JSON.parse(text), publicGoodRoots());
  expect(faultsOfSigner(signer, { repository: 'sigstore/sigstore-js', commit })).toEqual([]);
  expect(statement.predicateType).toBe('https://slsa.dev/provenance/v0.2');
});

it('is of another repository for everybody else', () => {
  const { signer } = openBundle(JSON.parse(text), publicGoodRoots());
  const faults = faultsOfSigner(signer, { repository: 'team/wine', commit });
  expect(faults.map((fault) => fault.split(':')[0])).toEqual(['repository', 'workflow']);
});

it('is not believed with other roots, nor with one byte changed', async () => {
  const { trustedRoot } = await createSigner();
  expect(() => openBundle(JSON.parse(text), parseTrustedRoots(trustedRoot, 'a test'))).toThrow(UnbelievableBundle);
  const bundle = JSON.parse(text);
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64')
    .toString()
    .replace('sigstore@1.3.0', 'sigstore@1.3.1');
  bundle.dsseEnvelope.payload = Buffer.from(payload).toString('base64');
  expect(() => openBundle(bundle, publicGoodRoots())).toThrow(UnbelievableBundle);
});

it('roots of a file must be roots', async () => {
  const { trustedRoot } = await createSigner();
  expect(parseTrustedRoots(`${trustedRoot}\n${trustedRoot}\n`, 'roots.jsonl')).toHaveLength(2);
  for (const bad of ['', 'x', '{}']) expect(() => parseTrustedRoots(bad, 'roots.jsonl')).toThrow('roots.jsonl');
});
