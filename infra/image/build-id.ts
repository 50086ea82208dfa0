// The build's own name, baked into the image: a function of what was built and of nothing else, so that the same build has it everywhere.
import { canonicalJson, type Digest, sha256 } from '../contract/canonical.ts';

export const buildSchema = 'trireme.build/1';

export interface BuildInputs {
  readonly commit: string;
  readonly models: readonly { readonly name: string; readonly digest: string }[];
  /** Digest of the files that are built, when no commit holds them. */
  readonly dirtySource?: Digest;
}

/** `bld-` and 12 hexadecimal digits. */
export function buildIdOf({ commit, models, dirtySource }: BuildInputs): string {
  const sorted = models
    .map(({ name, digest }) => ({ name, digest }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return `bld-${sha256(canonicalJson({ commit, models: sorted, dirtySource })).slice(0, 12)}`;
}

/** What `build.json` in the image says; `/version` of a running service answers from it. */
export function buildDocument(buildId: string): string {
  return `${canonicalJson({ schema: buildSchema, buildId })}\n`;
}
