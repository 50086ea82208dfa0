// One image into every registry: pushed once, copied from registry to registry, and then each one is asked what it holds.
import type { Digest } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Report } from '../contract/ports.ts';
import type { Cloud } from '../contract/stack.ts';
import type { RegistryClient } from './client.ts';
import { readLayout, requireDigest } from './oci.ts';

export interface PublishOptions {
  readonly client: Pick<RegistryClient, 'pushLayout' | 'copy' | 'resolve'>;
  /** A folder holding one image as an OCI layout. */
  readonly layout: string;
  /** `<host>/<repository>` of each cloud; the first one takes the push, the others copy from it. */
  readonly repositories: readonly { readonly cloud: Cloud; readonly repository: string }[];
  /**
   * Pushed beside the digest, because life-cycle rules remove what has no tag. The digest's own first digits by default:
   * a tag that can't move, also where the registry would let it.
   */
  readonly tag?: string;
  readonly report?: Report;
}

export interface Published {
  readonly digest: Digest;
  /** Manifest, configuration and layers together, in bytes. */
  readonly size: number;
  readonly copies: readonly { readonly cloud: Cloud; readonly ref: string }[];
}

/** @throws DeliveryError `digest-mismatch` when a registry does not serve exactly what was built. */
export async function publish(options: PublishOptions): Promise<Published> {
  const { client, repositories, layout, report } = options;
  const [first, ...others] = repositories;
  if (first === undefined) throw new DeliveryError('usage', 'expected at least one registry to publish to; found none');
  const { digest, size } = await readLayout(layout);
  const tag = options.tag ?? digest.slice('sha256:'.length, 'sha256:'.length + 12);

  report?.({ message: `pushing ${digest.slice(0, 19)} to ${first.repository}` });
  await client.pushLayout(layout, `${first.repository}:${tag}`);
  await Promise.all(
    others.map(async ({ repository }) => {
      report?.({ message: `copying it to ${repository}` });
      await client.copy(`${first.repository}@${digest}`, `${repository}:${tag}`);
    }),
  );

  const copies = await Promise.all(
    repositories.map(async ({ cloud, repository }) => {
      for (const name of [`:${tag}`, `@${digest}`]) {
        requireDigest(`${repository}${name}`, digest, (await client.resolve(repository + name)) ?? 'nothing');
      }
      return { cloud, ref: `${repository}@${digest}` };
    }),
  );
  return { digest, size, copies };
}
