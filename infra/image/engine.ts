// An image built by a container engine from the Dockerfile, taken out as an OCI layout, so that the digest read here is the one pushed.
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { DeliveryError } from '../contract/errors.ts';
import { readLayout } from '../registry/oci.ts';
import { type BuiltImage, type ImageLabels, labelsOf } from './layout.ts';

export const engines = ['podman', 'buildah', 'docker'] as const;
export type Engine = (typeof engines)[number];

/** @throws DeliveryError `usage` for a word that names none. */
export function engineOf(word: string | undefined): Engine | undefined {
  if (word === undefined) return undefined;
  const found = engines.find((engine) => engine === word);
  if (found !== undefined) return found;
  throw new DeliveryError('usage', `expected --engine ${engines.join(', ')}; found \`${word}\``);
}

export interface EngineOptions {
  readonly engine: Engine;
  /** As `prepareContext` made it. */
  readonly context: string;
  readonly dockerfile: string;
  /** Emptied first. */
  readonly destination: string;
  readonly labels: ImageLabels;
  /** For the bases by digest: `NODE_IMAGE`, `BASE_IMAGE`. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** A file of certificates for a machine with an authority of its own; no layer keeps it. */
  readonly certificates?: string;
  readonly signal?: AbortSignal;
  /** Each line the engine prints. */
  readonly onLine?: (line: string) => void;
}

/** @throws DeliveryError `usage` when there is no such engine, `failed` with its last words when it can't build. */
export async function buildWithEngine(options: EngineOptions): Promise<BuiltImage> {
  const { engine, destination } = options;
  const version = (await run([engine, '--version'], options)).at(0) ?? engine;
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination, { recursive: true });
  for (const command of engineCommands(options)) await run(command, options);
  const { digest, size } = await readLayout(destination);
  return { layout: destination, digest, size, builder: 'dockerfile', builderVersion: version };
}

/**
 * What is run, in order. Fixed times and one layer per stage give the same digest twice; a push through the engine's own storage
 * would compress layers on the way and change it, so the image leaves as a layout.
 */
export function engineCommands(options: Omit<EngineOptions, 'signal' | 'onLine'>): string[][] {
  const { engine, context, dockerfile, destination, labels, buildArgs = {}, certificates } = options;
  const common = [
    '--platform=linux/amd64',
    `--file=${dockerfile}`,
    ...Object.entries(labelsOf(labels)).map(([name, value]) => `--label=${name}=${value}`),
    ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...(certificates === undefined ? [] : [`--secret=id=ca,src=${certificates}`]),
  ];
  if (engine === 'docker') {
    const reproducible = ['--provenance=false', '--build-arg=SOURCE_DATE_EPOCH=0'];
    const output = `--output=type=oci,tar=false,rewrite-timestamp=true,dest=${destination}`;
    return [['docker', 'buildx', 'build', ...common, ...reproducible, output, context]];
  }
  const name = `localhost/trireme:${labels.buildId}`;
  const reproducible = ['--format=oci', '--timestamp=0', '--layers=false', `--tag=${name}`];
  return [
    [engine, 'build', ...common, ...reproducible, context],
    [engine, 'push', name, `oci:${destination}:release`],
    // The layout is the image now; the engine's own copy would pile up with every release.
    [engine, 'rmi', name],
  ];
}

function run(command: readonly string[], { signal, onLine }: EngineOptions): Promise<string[]> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        const parts = (rest + text).split(/\r?\n/);
        rest = parts.pop() ?? '';
        for (const line of parts) {
          lines.push(line);
          onLine?.(line);
        }
      });
      stream.on('end', () => rest !== '' && lines.push(rest));
    }
    child.on('error', (cause) => {
      if (signal?.aborted) return reject(new DeliveryError('interrupted', `interrupted while running ${program}`));
      const missing = 'code' in cause && cause.code === 'ENOENT';
      const hint = 'install it, or leave `--engine` out: the rehearsal then writes the image itself';
      reject(
        missing
          ? new DeliveryError('usage', `expected the container engine \`${program}\`; found none on PATH`, { hint })
          : cause,
      );
    });
    child.on('close', (code) => {
      if (code === 0) return resolve(lines);
      const last = lines
        .filter((line) => line.trim() !== '')
        .slice(-6)
        .join('\n');
      reject(new DeliveryError('failed', `\`${program} ${args[0] ?? ''}\` ended with exit code ${code}:\n${last}`));
    });
  });
}
