import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadInputSchema } from '../../../emulator/engine/input-schema.ts';

let cacheDirectory: string;
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'trireme-schema-'));
});
afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

const repository = { npmPackage: '@pulumi/aws', modules: ['ecr/repository'] };

describe('the inputs a provider package declares', () => {
  it('are its Args interface, with the types it refers to, and the outputs the cloud computes', async () => {
    const schema = await loadInputSchema(repository, cacheDirectory);
    expect(schema.resources['ecr/repository']?.inputs.name).toEqual({ required: false, shape: { kind: 'string' } });
    expect(schema.resources['ecr/repository']?.inputs.imageScanningConfiguration?.shape).toEqual({
      kind: 'object',
      name: 'ecr.RepositoryImageScanningConfiguration',
    });
    expect(schema.objects['ecr.RepositoryImageScanningConfiguration']).toEqual({
      scanOnPush: { required: true, shape: { kind: 'boolean' } },
    });
    expect(schema.resources['ecr/repository']?.outputs).toEqual(['arn', 'registryId', 'repositoryUrl', 'tagsAll']);
  });

  it('keep closed enumerations closed and open ones open', async () => {
    const modules = ['web/webApp', 'containerregistry/registry'];
    const schema = await loadInputSchema({ npmPackage: '@pulumi/azure-native', modules }, cacheDirectory);
    expect(schema.resources['web/webApp']?.inputs.clientCertMode?.shape).toEqual({
      kind: 'enum',
      values: ['Required', 'Optional', 'OptionalInteractiveUser'],
    });
    expect(schema.resources['containerregistry/registry']?.inputs.publicNetworkAccess?.shape).toMatchObject({
      kind: 'union',
    });
  });

  it('are read once: a second time they come from the cache', async () => {
    await loadInputSchema(repository, cacheDirectory);
    const [file = ''] = await readdir(cacheDirectory);
    const kept = JSON.parse(await readFile(join(cacheDirectory, file), 'utf8'));
    kept.resources['ecr/repository'].outputs.push('fromTheCache');
    await writeFile(join(cacheDirectory, file), JSON.stringify(kept));
    expect((await loadInputSchema(repository, cacheDirectory)).resources['ecr/repository']?.outputs).toContain(
      'fromTheCache',
    );
  });

  it('are read again when the list of classes has changed, and when the cached file is broken', async () => {
    await loadInputSchema(repository, cacheDirectory);
    const more = await loadInputSchema({ ...repository, modules: ['ecr/repository', 'iam/role'] }, cacheDirectory);
    expect(Object.keys(more.resources)).toEqual(['ecr/repository', 'iam/role']);
    const files = await readdir(cacheDirectory);
    expect(files).toHaveLength(2);
    for (const file of files) await writeFile(join(cacheDirectory, file), '{"schema":');
    const again = await loadInputSchema(repository, cacheDirectory);
    expect(Object.keys(again.resources)).toEqual(['ecr/repository']);
  });

  it('fail when a class is not there', async () => {
    const missing = { ...repository, modules: ['ecr/noSuchThing'] };
    await expect(loadInputSchema(missing, cacheDirectory)).rejects.toThrow(/noSuchThing/);
  });
});
