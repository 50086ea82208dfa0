// What a control plane asks to be run, free of any vendor: an image and how its container is started, judged and stopped.
import { dirname } from 'node:path';
import type { StartProbe } from './probe.ts';

/** An image as a registry served it, every digest checked, its layers unpacked into a folder. */
export interface UnpackedImage {
  readonly digest: string;
  /** The root of the unpacked file system. */
  readonly directory: string;
  readonly config: ImageConfig;
}

/** The part of an OCI image configuration that says how to run it. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The first exposed TCP port. */
  readonly exposedPort?: number;
}

export interface Container {
  /** As the vendor's API got it: `<registry host>/<repository>@sha256:…`. */
  readonly imageRef: string;
  /** Where the platform sends requests to. A container that listens elsewhere never becomes ready. */
  readonly port: number;
  /** Does the platform set `PORT`, or does the container listen where its own variables say? */
  readonly injectsPort: boolean;
  /** The vendor's and the service's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Replace the image's entrypoint and command. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly instances: number;
  readonly probe: StartProbe;
  readonly drainSeconds: number;
}

/** Why a container never became ready; each control plane says it in its vendor's words. */
export interface StartFailure {
  readonly kind: 'image' | 'exited' | 'not-ready' | 'cancelled';
  readonly reason: string;
}

/**
 * The port the container would listen on: what the platform injects, else what its variables say, else what the image exposes.
 * The emulator remaps it to a free one, but a container that disagrees with the platform must stay unreachable.
 */
export function listeningPort(container: Container, image: ImageConfig): number {
  if (container.injectsPort) return container.port;
  const told = container.variables.PORT ?? image.variables.PORT;
  return told === undefined ? (image.exposedPort ?? 8080) : Number(told);
}

/** Where an image without a `PATH` of its own finds programs. */
const usualPath = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;

/**
 * Exactly what the container sees: nothing of the emulator's own environment. On a real platform every container has
 * an address of its own and the same port; here they share loopback, so `HOST` and `PORT` are remapped.
 */
export function environmentOf(container: Container, image: ImageConfig, remappedPort: number): Record<string, string> {
  return {
    PATH: usualPath,
    ...image.variables,
    ...container.variables,
    HOST: '127.0.0.1',
    PORT: String(remappedPort),
  };
}
