// The images of the emulated machines: pulled from that cloud's own registry, every digest verified, unpacked once per cloud and digest.
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from '../../contract/stack.ts';
import { unpackImage } from '../../image/unpack.ts';
import type { RegistryClient } from '../../registry/client.ts';
import type { ImageConfig as OciConfig } from '../../registry/oci.ts';
import { parseReference } from '../../registry/reference.ts';
import type { ImageConfig, UnpackedImage } from './container.ts';
import type { Images } from './host.ts';

export class ImageStore implements Images {
  #directory: string;
  #client: Pick<RegistryClient, 'resolve' | 'pullImage'>;
  #pulling = new Map<string, Promise<UnpackedImage>>();

  constructor(directory: string, client: Pick<RegistryClient, 'resolve' | 'pullImage'>) {
    this.#directory = directory;
    this.#client = client;
  }

  /** Instances of one image that start together share one pull; a failed one is tried again by the next. */
  async pull(cloud: Cloud, imageRef: string): Promise<UnpackedImage> {
    const { host, repository, digest } = parseReference(imageRef);
    const named = digest ?? (await this.#client.resolve(imageRef));
    if (named === undefined) throw new Error(`${imageRef} was not found`);
    const key = `${cloud} ${named}`;
    const known = this.#pulling.get(key);
    if (known !== undefined) return known;
    const pulling = this.#pullAndUnpack(cloud, `${host}/${repository}@${named}`, named);
    this.#pulling.set(key, pulling);
    pulling.catch(() => this.#pulling.delete(key));
    return pulling;
  }

  async #pullAndUnpack(cloud: Cloud, imageRef: string, digest: string): Promise<UnpackedImage> {
    const folder = join(this.#directory, cloud, digest.replace(':', '-'));
    const pulled = await this.#client.pullImage(imageRef, `${folder}.blobs`);
    // The folder appears under its name only when it is complete, so one that is there was unpacked whole from verified layers.
    if (!(await exists(folder))) {
      const partial = `${folder}.partial`;
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial, { recursive: true });
      await unpackImage(pulled, partial);
      await rename(partial, folder);
    }
    return { digest, directory: folder, config: runConfig(pulled.config) };
  }
}

function runConfig({ config }: OciConfig): ImageConfig {
  const variables = (config.Env ?? []).map((line): [string, string] => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  const port = Object.keys(config.ExposedPorts ?? {}).find((name) => /^\d+(\/tcp)?$/.test(name));
  return {
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    variables: Object.fromEntries(variables),
    workingDirectory: config.WorkingDir || '/',
    ...(port === undefined ? {} : { exposedPort: Number.parseInt(port, 10) }),
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
