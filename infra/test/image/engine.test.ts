import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildWithEngine, type Engine, engineCommands } from '../../image/engine.ts';
import { writeSampleLayout } from '../registry/sample-image.ts';

const options = {
  context: '/context',
  dockerfile: '/Dockerfile',
  destination: '/layout',
  labels: { commit: 'c', repository: 'r', buildId: 'bld-0123456789ab' },
};
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-engine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that behaves as an engine that was asked to build a sample image. */
async function engineThat(script: string): Promise<Engine> {
  const program = join(folder, 'podman');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  return program as Engine;
}

describe('what a container engine is asked', () => {
  it.each(['podman', 'buildah'] as const)(
    '%s builds from the context and gives the image out as a layout',
    (engine) => {
      const [build, push, remove] = engineCommands({
        ...options,
        engine,
        buildArgs: { BASE_IMAGE: 'b@sha256:1' },
        certificates: '/ca',
      });
      expect(build?.slice(0, 2)).toEqual([engine, 'build']);
      expect(build?.at(-1)).toBe('/context');
      for (const part of [
        '--timestamp=0',
        '--layers=false',
        '--file=/Dockerfile',
        '--build-arg=BASE_IMAGE=b@sha256:1',
        '--secret=id=ca,src=/ca',
        '--label=dev.trireme.build-id=bld-0123456789ab',
      ]) {
        expect(build).toContain(part);
      }
      expect(push).toEqual([engine, 'push', 'localhost/trireme:bld-0123456789ab', 'oci:/layout:release']);
      expect(remove).toEqual([engine, 'rmi', 'localhost/trireme:bld-0123456789ab']);
    },
  );

  it('docker builds into a layout at once, without an attestation that would change the digest', () => {
    const commands = engineCommands({ ...options, engine: 'docker' });
    expect(commands).toHaveLength(1);
    expect(commands[0]).toContain('--provenance=false');
    expect(commands[0]).toContain('--output=type=oci,tar=false,rewrite-timestamp=true,dest=/layout');
  });
});

describe('building with an engine', () => {
  it('reads the digest from the layout it gave out', async () => {
    const sample = join(folder, 'sample');
    const digest = await writeSampleLayout(sample, [{ entries: [{ name: 'a', content: 'a' }] }]);
    const destination = join(folder, 'layout');
    const engine = await engineThat(
      `[ "$1" = --version ] && echo "podman version 4.3.1"; [ "$1" = push ] && cp -r ${sample}/. ${destination}; exit 0`,
    );
    const built = await buildWithEngine({ ...options, engine, destination });
    expect(built).toMatchObject({ digest, builder: 'dockerfile', builderVersion: 'podman version 4.3.1' });
  });

  it('fails with the engine’s last words', async () => {
    const engine = await engineThat('[ "$1" = --version ] && exit 0; echo "no such base" >&2; exit 125');
    await expect(buildWithEngine({ ...options, engine, destination: join(folder, 'l') })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('no such base'),
    });
  });

  it('says which engine is missing', async () => {
    const engine = join(folder, 'nothing') as Engine;
    await expect(buildWithEngine({ ...options, engine, destination: join(folder, 'l') })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
