// The build's own name, baked into the image: a function of what was built and of nothing else, so that the same build has it everywhere.
import { canonicalJson, type Digest, sha256 } from '../contract/canonical.ts';
import { type ModelOfRelease, modelWord } from '../contract/release.ts';

export const buildSchema = 'trireme.build/2';

export interface BuildInputs {
  readonly commit: string;
  /** In the order they are served: the first answers `/predict`. */
  readonly models: readonly ModelOfRelease[];
  /** Digest of the files that are built, when no commit holds them. */
  readonly dirtySource?: Digest;
}

/** `bld-` and 12 hexadecimal digits. */
export function buildIdOf({ commit, models, dirtySource }: BuildInputs): string {
  const baked = models.map(({ name, digest, label }) => ({ name, digest, label }));
  return `bld-${sha256(canonicalJson({ commit, models: baked, dirtySource })).slice(0, 12)}`;
}

/** What `build.json` in the image says: who the service is at `/version`, and the models it serves, which are these and no others. */
export function buildDocument(buildId: string, models: readonly ModelOfRelease[]): string {
  const stated = models.map((model) => {
    const { name, digest, label } = model;
    return { name, digest, label, folder: modelWord(model) };
  });
  return `${canonicalJson({ schema: buildSchema, buildId, models: stated })}\n`;
}
