// An image reference: host, repository, and a tag or a digest.
import { digestPattern } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';

export interface Reference {
  readonly host: string;
  readonly repository: string;
  /** `undefined` names the repository alone. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Nothing is guessed: no Docker Hub, no `latest`. @throws DeliveryError `usage`. */
export function parseReference(text: string): Reference {
  const match =
    /^(?<host>[a-zA-Z0-9.-]+(?::\d+)?)\/(?<repository>[a-z0-9._/-]+)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>.+))?$/.exec(
      text,
    );
  const { host, repository, tag, digest } = match?.groups ?? {};
  if (host === undefined || repository === undefined || (digest !== undefined && !digestPattern.test(digest))) {
    throw new DeliveryError('usage', `expected \`<host>/<repository>@sha256:…\` or \`:<tag>\`; found \`${text}\``);
  }
  return { host, repository, tag, digest };
}

/** What a registry is asked for: the digest where there is one, because a tag may move. */
export function manifestName(reference: Reference): string {
  const name = reference.digest ?? reference.tag;
  if (name !== undefined) return name;
  throw new DeliveryError('usage', `expected a tag or a digest after ${reference.host}/${reference.repository}`);
}
