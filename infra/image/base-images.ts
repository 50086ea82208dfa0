// Which images a Dockerfile starts from, once its arguments have their values, and whether each is named by digest. Pure.
import { DeliveryError } from '../contract/errors.ts';

export interface BaseImage {
  /** Without the digest: `docker.io/library/node:24-bookworm-slim`. */
  readonly name: string;
  /** `undefined`: a tag, which may be another image tomorrow. */
  readonly digest: string | undefined;
  /** The argument that names it, if one does. */
  readonly argument: string | undefined;
}

/** In the order of the file; a stage that starts from another stage starts from no image. */
export function baseImagesOf(dockerfile: string, buildArgs: Readonly<Record<string, string>>): readonly BaseImage[] {
  const values: Record<string, string> = {};
  const stages = new Set<string>();
  const found: BaseImage[] = [];
  for (const line of dockerfile.split('\n')) {
    const [, argument, fallback] = /^ARG\s+(\w+)(?:=(\S+))?\s*$/i.exec(line) ?? [];
    if (argument !== undefined) values[argument] = buildArgs[argument] ?? fallback ?? '';
    const [, words] = /^FROM\s+((?:--\S+\s+)*\S+.*)$/i.exec(line) ?? [];
    if (words === undefined) continue;
    const [written = '', as, stage] = words.split(/\s+/).filter((word) => !word.startsWith('--'));
    if (as?.toLowerCase() === 'as' && stage !== undefined) stages.add(stage);
    if (stages.has(written) || written === 'scratch') continue;
    const resolved = written.replace(/\$\{?(\w+)\}?/g, (_, name: string) => values[name] ?? '');
    const [name = '', digest] = resolved.split('@');
    found.push({ name, digest: isDigest(digest) ? digest : undefined, argument: /\$\{?(\w+)/.exec(written)?.[1] });
  }
  return found;
}

/**
 * What real clouds run must be built from images that can't change under their name.
 * @throws DeliveryError `refused` with every base that is named by tag.
 */
export function assertBasesPinned(bases: readonly BaseImage[]): void {
  const loose = bases.filter(({ digest }) => digest === undefined);
  if (loose.length === 0) return;
  const named = loose.map(({ name, argument }) => `${name}${argument === undefined ? '' : ` (${argument})`}`);
  const [first] = loose;
  throw new DeliveryError('refused', `expected every base image by digest; found by tag: ${named.join(', ')}`, {
    hint: `--build-arg ${first?.argument ?? 'NAME'}=${first?.name.replace(/:[^/:]*$/, '') ?? 'name'}@sha256:…; in GitHub, the repository's variables NODE_IMAGE and BASE_IMAGE`,
  });
}

function isDigest(text: string | undefined): boolean {
  return text !== undefined && /^sha256:[0-9a-f]{64}$/.test(text);
}
