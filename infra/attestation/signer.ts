// Who signed, as the certificate says, and whether it is the one workflow that may build a release. Pure.
import { X509Certificate } from '@sigstore/core';

/** What Fulcio writes about a run of GitHub Actions: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
export interface Signer {
  /** The workflow file and the ref it ran at: `https://github.com/o/r/.github/workflows/release.yml@refs/heads/main`. */
  readonly workflow: string;
  /** Who vouched for the run. */
  readonly issuer: string;
  /** `https://github.com/o/r` */
  readonly repository: string;
  readonly commit: string;
  readonly ref: string;
  /** `github-hosted` or `self-hosted`. */
  readonly runner: string;
  readonly run: string | undefined;
}

/** What a signer must be. */
export interface ExpectedSigner {
  /** `owner/name` */
  readonly repository: string;
  readonly commit: string;
}

export const actionsIssuer = 'https://token.actions.githubusercontent.com';
/** The only workflow that builds releases, on the only branch it does so. */
export const releaseWorkflow = '.github/workflows/release.yml';
export const releaseRef = 'refs/heads/main';
const github = 'https://github.com';

/** Names of the certificate's extensions, below Fulcio's arc. The values are UTF8 strings in DER. */
export const fulcioOids = {
  issuer: '1.3.6.1.4.1.57264.1.8',
  workflow: '1.3.6.1.4.1.57264.1.9',
  runner: '1.3.6.1.4.1.57264.1.11',
  repository: '1.3.6.1.4.1.57264.1.12',
  commit: '1.3.6.1.4.1.57264.1.13',
  ref: '1.3.6.1.4.1.57264.1.14',
  run: '1.3.6.1.4.1.57264.1.21',
} as const;

/** @param certificate DER, of a bundle that was verified: nothing here asks who signed it. */
export function signerOf(certificate: Buffer): Signer {
  const parsed = X509Certificate.parse(Buffer.from(certificate));
  const said = (oid: string): string | undefined => {
    const value = parsed.extension(oid)?.valueObj.subs[0]?.value;
    return value === undefined ? undefined : value.toString('utf8');
  };
  return {
    workflow: parsed.subjectAltName ?? '',
    issuer: said(fulcioOids.issuer) ?? '',
    repository: said(fulcioOids.repository) ?? '',
    commit: said(fulcioOids.commit) ?? '',
    ref: said(fulcioOids.ref) ?? '',
    runner: said(fulcioOids.runner) ?? '',
    run: said(fulcioOids.run),
  };
}

/** Everything that is not as it must be, by name; empty for the release workflow of this repository. */
export function faultsOfSigner(found: Signer, expected: ExpectedSigner): readonly string[] {
  const named = `${github}/${expected.repository}`;
  // GitHub does not tell owners and names apart by case; files and branches it does: `Main` is anybody's branch.
  const repository = found.repository.toLowerCase() === named.toLowerCase() ? found.repository : named;
  const required: readonly (readonly [what: string, expected: string, found: string])[] = [
    ['issuer', actionsIssuer, found.issuer],
    ['repository', repository, found.repository],
    ['workflow', `${repository}/${releaseWorkflow}@${releaseRef}`, found.workflow],
    ['branch', releaseRef, found.ref],
    ['commit', expected.commit, found.commit],
    // Whoever has a machine of their own in the repository could make it say anything.
    ['runner', 'github-hosted', found.runner],
  ];
  return required
    .filter(([, wanted, had]) => wanted !== had)
    .map(([what, wanted, had]) => `${what}: expected ${wanted}; found ${had === '' ? 'none' : had}`);
}

/** `owner/name` of a manifest's `github.com/owner/name`; `undefined` for a source that is not on GitHub. */
export function githubRepository(source: string): string | undefined {
  return /^(?:https:\/\/)?github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(source)?.[1];
}
