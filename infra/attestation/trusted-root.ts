// Which authorities may vouch for a signature: Sigstore's public ones, as its own package ships them, or those of a file.
import { createRequire } from 'node:module';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';

const publicGood = 'https://tuf-repo-cdn.sigstore.dev';
const seeds = z.record(z.string(), z.looseObject({ targets: z.record(z.string(), z.string()) }));

/** What attests public repositories. Shipped with `@sigstore/tuf`, so that no network is needed; as old as that package. */
export function publicGoodRoots(): readonly TrustedRoot[] {
  const shipped = seeds.parse(createRequire(import.meta.url)('@sigstore/tuf/seeds.json'));
  const encoded = shipped[publicGood]?.targets['trusted_root.json'];
  if (encoded === undefined) throw new Error('@sigstore/tuf ships no trusted root any more');
  return [TrustedRoot.fromJSON(JSON.parse(Buffer.from(encoded, 'base64').toString()))];
}

/**
 * One root a line, as `gh attestation trusted-root` prints them: private repositories are attested by an authority of GitHub's own.
 * @throws DeliveryError `document-invalid`.
 */
export function parseTrustedRoots(text: string, source: string): readonly TrustedRoot[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  try {
    const roots = lines.map((line) => TrustedRoot.fromJSON(JSON.parse(line)));
    if (roots.length > 0 && roots.every((root) => root.certificateAuthorities.length > 0)) return roots;
  } catch (cause) {
    throw invalid(source, cause);
  }
  throw invalid(source, undefined);
}

function invalid(source: string, cause: unknown): DeliveryError {
  return new DeliveryError('document-invalid', `expected trusted roots, one JSON document a line, in ${source}`, {
    hint: `write them again: gh attestation trusted-root > ${source}`,
    cause,
  });
}
