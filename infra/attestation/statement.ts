// What is signed: in-toto statements about an image digest, one saying how it was built, one saying what is in it.
import { z } from 'zod';
import { builtFrom, modelWord, type ReleaseManifest } from '../contract/release.ts';
import { releaseRef, releaseWorkflow } from './signer.ts';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const statementType = 'https://in-toto.io/Statement/v1';

export const predicateTypes = {
  /** https://slsa.dev/spec/v1.0/provenance */
  provenance: 'https://slsa.dev/provenance/v1',
  /** https://cyclonedx.org/specification/overview/ */
  sbom: 'https://cyclonedx.org/bom',
} as const;
export type PredicateName = keyof typeof predicateTypes;
export const predicateNames: readonly PredicateName[] = ['provenance', 'sbom'];

/** Version 0.1 differs in its name only, as far as it is read here. */
export const statement = z.looseObject({
  _type: z.enum([statementType, 'https://in-toto.io/Statement/v0.1']),
  subject: z.array(z.looseObject({ name: z.string().optional(), digest: z.record(z.string(), z.string()) })).min(1),
  predicateType: z.string(),
  predicate: z.unknown(),
});
export type Statement = z.infer<typeof statement>;

/** @param digest `sha256:…` of the image. */
export function statementAbout(name: string, digest: string, predicate: PredicateName, content: unknown): Statement {
  return {
    _type: statementType,
    subject: [{ name, digest: { sha256: digest.replace(/^sha256:/, '') } }],
    predicateType: predicateTypes[predicate],
    predicate: content,
  };
}

/** How the parameters below are to be read: docs/supply-chain.md. Another meaning needs another number. */
export const buildType = 'urn:trireme:build:1';

/** An image that the build starts from: its name, and its digest where that is known. */
export interface BaseImage {
  readonly name: string;
  readonly digest: string | undefined;
}

export interface BuildParameters {
  readonly bases: readonly BaseImage[];
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Where the run can be looked at; absent on a laptop. */
  readonly run?: string | undefined;
}

/** SLSA's provenance: no time in it, so that the same release has the same one. */
export function provenanceOf(manifest: ReleaseManifest, { bases, buildArgs, run }: BuildParameters) {
  const { source, image, build, models, infra } = manifest;
  const repository = `https://${source.repository.replace(/^https:\/\//, '')}`;
  return {
    buildDefinition: {
      buildType,
      externalParameters: {
        workflow: { repository, ref: releaseRef, path: releaseWorkflow },
        builder: image.builder,
        platform: image.platform,
        buildArgs,
      },
      internalParameters: { builderVersion: image.builderVersion, node: build.node, buildId: build.buildId },
      resolvedDependencies: [
        { uri: `git+${repository}@${releaseRef}`, digest: { gitCommit: builtFrom(manifest) } },
        { uri: 'package-lock.json', digest: sha256Of(build.lockfile) },
        { uri: 'infra', digest: sha256Of(infra.program) },
        ...models.map((model) => ({ uri: `models/${modelWord(model)}`, digest: sha256Of(model.digest) })),
        ...bases.map(({ name, digest }) => ({
          uri: `docker://${name}`,
          ...(digest === undefined ? {} : { digest: sha256Of(digest) }),
        })),
      ],
    },
    runDetails: {
      builder: { id: `${repository}/${releaseWorkflow}@${releaseRef}` },
      metadata: { ...(run === undefined ? {} : { invocationId: run }) },
    },
  };
}

const provenance = z.looseObject({
  buildDefinition: z.looseObject({
    resolvedDependencies: z.array(
      z.looseObject({ uri: z.string(), digest: z.record(z.string(), z.string()).optional() }),
    ),
  }),
});

/** What the provenance says otherwise than the manifest; both tell of the same build. */
export function faultsOfProvenance(predicate: unknown, manifest: ReleaseManifest): readonly string[] {
  const parsed = provenance.safeParse(predicate);
  if (!parsed.success) return [`provenance: expected SLSA's form; found ${z.prettifyError(parsed.error)}`];
  const { build, models } = manifest;
  const { resolvedDependencies } = parsed.data.buildDefinition;
  const says = (what: string, uri: (uri: string) => boolean, kind: string, expected: string): string[] => {
    const found = resolvedDependencies.find((one) => uri(one.uri))?.digest?.[kind];
    return found === expected ? [] : [`${what}: expected ${expected}; found ${found ?? 'none'}`];
  };
  return [
    ...says('source commit', (uri) => uri.startsWith('git+'), 'gitCommit', builtFrom(manifest)),
    ...says('lock file', (uri) => uri === 'package-lock.json', 'sha256', hexOf(build.lockfile)),
    ...models.flatMap((model) => {
      const word = modelWord(model);
      return says(`model ${word}`, (uri) => uri === `models/${word}`, 'sha256', hexOf(model.digest));
    }),
  ];
}

/** @param digest `sha256:…` that must be among the statement's subjects. */
export function faultsOfSubject({ subject }: Statement, digest: string): readonly string[] {
  const found = subject.map((one) => one.digest.sha256 ?? 'another kind of digest');
  return found.includes(hexOf(digest)) ? [] : [`subject: expected ${hexOf(digest)}; found ${found.join(', ')}`];
}

function sha256Of(digest: string) {
  return { sha256: hexOf(digest) };
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}
