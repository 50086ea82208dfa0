// What is attested to a release, wired: GitHub and Sigstore's public authorities, or the emulated clouds' own signer.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import type { Attestations } from '../contract/ports.ts';
import { builtFrom, type ReleaseManifest } from '../contract/release.ts';
import type { CliEnvironment } from './environment.ts';

/** `owner/name` that may attest what was built from this source; `undefined` where nobody can. */
export type RepositoryOf = (source: string) => string | undefined;

/**
 * Nothing is loaded before somebody asks. What can't be opened, such as a broken file of trusted roots, tells nothing about the image: an
 * errored check, which stops a promotion where the policy wants attestations, and no rollback.
 */
export function openAttestations(environment: CliEnvironment): Attestations {
  let opened: Promise<Attestations> | undefined;
  return {
    async verify(manifest) {
      opened ??= open(environment).catch(cannotTell);
      return (await opened).verify(manifest);
    },
  };
}

async function cannotTell(error: unknown): Promise<Attestations> {
  if (!(error instanceof DeliveryError)) throw error;
  const { predicateNames } = await import('../attestation/statement.ts');
  const found = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return {
    verify: async ({ image }) =>
      predicateNames.map((name) => ({
        name,
        outcome: 'errored',
        expected: 'attested by an authority that is trusted here',
        found,
        seconds: 0,
        source: `attestations of ${image.digest}`,
      })),
  };
}

async function open(environment: CliEnvironment): Promise<Attestations> {
  const { TRIREME_ATTESTATIONS, TRIREME_TRUSTED_ROOT, GITHUB_API_URL, GITHUB_TOKEN, GH_TOKEN } = environment.variables;
  const [{ attestations }, { githubStore }, repositoryOf] = await Promise.all([
    import('../attestation/attestations.ts'),
    import('../attestation/github.ts'),
    attestingRepository(environment),
  ]);
  const roots = await trustedRoots(environment, TRIREME_TRUSTED_ROOT);
  const apiUrl = TRIREME_ATTESTATIONS ?? GITHUB_API_URL ?? 'https://api.github.com';
  const store = githubStore({ apiUrl, token: GITHUB_TOKEN ?? GH_TOKEN });
  return attestations({ store, roots, repositoryOf, now: () => performance.now() });
}

/** Those of a file that is named, else of `.trireme/trusted-root.jsonl`, else Sigstore's public ones. */
async function trustedRoots({ stateDirectory }: CliEnvironment, named: string | undefined) {
  const { parseTrustedRoots, publicGoodRoots } = await import('../attestation/trusted-root.ts');
  const path = named ?? join(stateDirectory, 'trusted-root.jsonl');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined && named === undefined) return publicGoodRoots();
  return parseTrustedRoots(text ?? '', path);
}

/**
 * This repository alone, where it can be told: who may append a release could name one of their own, which attests whatever they like.
 * Emulated clouds attest any source: one that is not on GitHub is taken for a repository of that name.
 */
export async function attestingRepository(
  environment: Pick<CliEnvironment, 'emulated' | 'actions' | 'checkout'>,
): Promise<RepositoryOf> {
  const { githubRepository } = await import('../attestation/signer.ts');
  if (environment.emulated !== undefined) {
    return (source) => githubRepository(source) ?? `emulated/${source.replace(/[^\w.-]+/g, '-')}`;
  }
  const own = await ownRepository(environment);
  return (source) => {
    const named = githubRepository(source);
    return own === undefined || named?.toLowerCase() === own.toLowerCase() ? named : undefined;
  };
}

/** `owner/name` of the run, or of the clone's origin; `undefined` for a clone of nothing on GitHub. */
async function ownRepository({ actions, checkout }: Pick<CliEnvironment, 'actions' | 'checkout'>) {
  if (actions !== undefined) return actions.repository;
  const [{ originOf }, { githubRepository }] = await Promise.all([
    import('../image/source.ts'),
    import('../attestation/signer.ts'),
  ]);
  return githubRepository(await originOf(checkout));
}

/** Where the step of the workflow that signs is played by the emulated signer. */
export async function attestEmulated(
  environment: CliEnvironment,
  manifest: ReleaseManifest,
  content: { readonly provenance: unknown; readonly sbom: unknown },
): Promise<void> {
  const [{ actionsIssuer, releaseRef, releaseWorkflow }, { predicateNames, statementAbout }, repositoryOf] =
    await Promise.all([
      import('../attestation/signer.ts'),
      import('../attestation/statement.ts'),
      attestingRepository(environment),
    ]);
  const repository = repositoryOf(manifest.source.repository);
  const { digest, name } = manifest.image;
  const run = {
    repository,
    commit: builtFrom(manifest),
    workflow: releaseWorkflow,
    ref: releaseRef,
    issuer: actionsIssuer,
    runner: 'github-hosted',
    run: `https://github.com/${repository}/actions/runs/${manifest.sequence}/attempts/1`,
  };
  for (const predicate of predicateNames) {
    const statement = statementAbout(name, digest, predicate, content[predicate]);
    const body = JSON.stringify({ digest, statement, run });
    const url = `${environment.variables.TRIREME_ATTESTATIONS}/attest`;
    const response = await fetch(url, { method: 'POST', body });
    if (!response.ok) throw new Error(`the emulated signer answered ${response.status}: ${await response.text()}`);
  }
}
