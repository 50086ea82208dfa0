// Images as the emulated runtimes get them: pulled over HTTP from that cloud's own registry, every blob verified, unpacked once.
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from '../../contract/stack.ts';
import { unpackImage } from '../../image/unpack.ts';
import type { RegistryClient } from '../../registry/client.ts';
import type { ImageConfig as OciConfig } from '../../registry/oci.ts';
import type { ImageConfig, UnpackedImage } from '../runtimes/container.ts';
import type { Images } from '../runtimes/host.ts';

/** @param folder what was pulled is kept there, apart for each cloud: a bad copy in one registry must not hide behind a good one. */
export function pulledImages(client: Pick<RegistryClient, 'pullImage'>, folder: string): Images {
  const unpacked = new Map<string, Promise<UnpackedImage>>();

  async function pull(cloud: Cloud, imageRef: string): Promise<UnpackedImage> {
    const image = await client.pullImage(imageRef, join(folder, cloud, 'blobs'));
    const name = image.digest.replace(':', '-');
    const directory = join(folder, cloud, name);
    const partial = `${directory}.partial`;
    // A killed emulator leaves half of it: only a whole one gets the name, and one from an earlier run is not trusted.
    await Promise.all([rm(partial, { recursive: true, force: true }), rm(directory, { recursive: true, force: true })]);
    const { config } = await unpackImage(image, partial);
    await rename(partial, directory);
    return { digest: image.digest, directory, config: asContainer(config) };
  }

  return {
    pull(cloud, imageRef) {
      const key = `${cloud} ${imageRef}`;
      const known = unpacked.get(key);
      if (known !== undefined) return known;
      const pulling = pull(cloud, imageRef);
      unpacked.set(key, pulling);
      // The next deployment of it asks the registry again.
      pulling.catch(() => unpacked.delete(key));
      return pulling;
    },
  };
}

function asContainer({ config }: OciConfig): ImageConfig {
  const port = Object.keys(config.ExposedPorts ?? {}).flatMap((name) => /^(\d+)(?:\/tcp)?$/.exec(name)?.[1] ?? [])[0];
  return {
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    variables: Object.fromEntries(
      (config.Env ?? []).map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
    workingDirectory: config.WorkingDir || '/',
    ...(port === undefined ? {} : { exposedPort: Number(port) }),
  };
}
