import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unresolved } from '../../../emulator/engine/property.ts';
import { type ProviderServer, startProviderServer } from '../../../emulator/engine/provider-server.ts';
import { CloudRefusal, HalfMadeResource, type ProviderDefinition } from '../../../emulator/engine/resource-model.ts';
import { EngineClient, halfMade } from './engine-client.ts';

const repository = 'aws:ecr/repository:Repository';

/** One modelled type whose cloud does what the resource's name says. */
const definition: ProviderDefinition = {
  name: 'aws',
  npmPackage: '@pulumi/aws',
  comparesWith: 'state',
  resources: {
    [repository]: {
      module: 'ecr/repository',
      naming: { property: 'name', style: 'dashed' },
      replaceOnChanges: ['name', 'encryptionConfigurations'],
      computed: ['region'],
      validate: ({ name }) => (name === 'FORBIDDEN' ? [{ property: 'name', reason: 'a forbidden name' }] : []),
      async create(inputs, { config }) {
        if (inputs.name === 'refused') throw new CloudRefusal('RepositoryAlreadyExistsException: it exists');
        if (inputs.name === 'half')
          throw new HalfMadeResource('half-id', { ...inputs, arn: 'arn:half' }, 'it is not well');
        return { id: 'the-id', outputs: { ...inputs, arn: 'arn:aws', region: config.region ?? 'none' } };
      },
      read: async (id, inputs) =>
        id === 'gone'
          ? undefined
          : { outputs: { ...inputs, arn: 'arn:aws' }, inputs: { ...inputs, forceDelete: true } },
      update: async (_id, inputs, _context, previous) => ({ ...previous, ...inputs, arn: 'arn:updated' }),
      async delete(id) {
        if (id === 'kept') throw new CloudRefusal('RepositoryNotEmptyException: it still contains images');
      },
    },
  },
  functions: { 'aws:index/echo:echo': async (args, config) => ({ ...args, region: config.region ?? 'none' }) },
};

let cacheDirectory: string;
let server: ProviderServer;
let client: EngineClient;
beforeAll(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'trireme-provider-'));
  server = await startProviderServer(definition, { cacheDirectory });
  client = new EngineClient(server.port);
});
afterAll(async () => {
  client.close();
  await server.stop();
  await rm(cacheDirectory, { recursive: true, force: true });
});

describe('attaching', () => {
  it('reports the npm package’s version', async () => {
    expect(await client.version()).toMatch(/^7\.\d+\.\d+$/);
  });

  it('takes plain values and previews', async () => {
    expect(await client.handshake()).toMatchObject({ acceptSecrets: false, acceptOutputs: false });
    expect(await client.configure({})).toMatchObject({ acceptsecrets: false, supportspreview: true });
  });

  it('refuses provider configuration that the package does not declare', async () => {
    expect(await client.checkConfig({ region: 'eu-west-1', version: '7.0.0' })).toEqual([]);
    expect(await client.checkConfig({ regoin: 'eu-west-1' })).toEqual([
      'regoin: unknown property of the provider `aws`',
    ]);
  });

  it('keeps the configurations of two engines apart', async () => {
    const other = new EngineClient(server.port);
    await client.configure({ region: 'eu-west-1' });
    await other.configure({ region: 'us-east-1' });
    expect((await client.create(repository, { name: 'x' })).outputs.region).toBe('eu-west-1');
    expect((await other.invoke('aws:index/echo:echo', { a: 1 })).region).toBe('us-east-1');
    other.close();
  });
});

describe('check', () => {
  it('names a resource type that is not modelled', async () => {
    await expect(client.check('aws:s3/bucket:Bucket', {})).rejects.toThrow(
      /does not know the resource type aws:s3\/bucket:Bucket/,
    );
  });

  it('generates a name, keeps the one recorded before, and leaves a chosen one alone', async () => {
    const { inputs } = await client.check(repository, {});
    expect(inputs.name).toMatch(/^thing-[0-9a-f]{7}$/);
    expect((await client.check(repository, {}, { name: 'thing-0000000' })).inputs.name).toBe('thing-0000000');
    expect((await client.check(repository, { name: 'mine' }, { name: 'thing-0000000' })).inputs.name).toBe('mine');
  });

  it('reports faults with their paths: of the declarations first, then of the model', async () => {
    const wrong = await client.check(repository, {
      name: 'FORBIDDEN',
      imageScanningConfiguration: { scanOnPush: 'yes' },
    });
    expect(wrong.faults).toEqual(['imageScanningConfiguration.scanOnPush: expected a boolean, found the string "yes"']);
    expect((await client.check(repository, { name: 'FORBIDDEN' })).faults).toEqual(['name: a forbidden name']);
  });
});

describe('diff', () => {
  const olds = { inputs: { name: 'x', forceDelete: false }, state: { name: 'x', forceDelete: false, arn: 'arn' } };

  it('sees no change in equal inputs', async () => {
    expect(await client.diff(repository, olds, olds.inputs)).toMatchObject({ changed: false, diffs: [], replaces: [] });
  });

  it('names changed paths', async () => {
    const news = { ...olds.inputs, imageScanningConfiguration: { scanOnPush: true } };
    expect(await client.diff(repository, olds, { ...news, forceDelete: true })).toMatchObject({
      changed: true,
      replaces: [],
      detailed: { forceDelete: 'UPDATE', imageScanningConfiguration: 'ADD' },
    });
  });

  it('replaces by a new name beside the old resource, and otherwise after deleting it', async () => {
    expect(await client.diff(repository, olds, { ...olds.inputs, name: 'y' })).toMatchObject({
      replaces: ['name'],
      deleteFirst: false,
      detailed: { name: 'UPDATE_REPLACE' },
    });
    const news = { ...olds.inputs, encryptionConfigurations: [{ encryptionType: 'KMS' }] };
    expect(await client.diff(repository, olds, news)).toMatchObject({
      replaces: ['encryptionConfigurations'],
      deleteFirst: true,
    });
    const generated = { inputs: { name: 'thing-0a1b2c3' } };
    expect(
      await client.diff(repository, generated, { ...generated.inputs, ...news, name: 'thing-0a1b2c3' }),
    ).toMatchObject({
      deleteFirst: false,
    });
  });

  it('compares a bridged provider’s state: what the cloud changed is a change', async () => {
    const state = { ...olds.state, forceDelete: true };
    expect(await client.diff(repository, { inputs: olds.inputs, state }, olds.inputs)).toMatchObject({
      diffs: ['forceDelete'],
    });
  });
});

describe('create, read, update, delete', () => {
  it('shows unknowns in a preview and touches no cloud', async () => {
    const { id, outputs } = await client.create(repository, { name: 'refused' }, true);
    expect(id).toBe('');
    expect(outputs).toEqual({
      name: 'refused',
      arn: unresolved,
      region: unresolved,
      registryId: unresolved,
      repositoryUrl: unresolved,
      tagsAll: unresolved,
    });
  });

  it('gives a refusal in the vendor’s words, without anything to record', async () => {
    const error = await client.create(repository, { name: 'refused' }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('RepositoryAlreadyExistsException: it exists');
    expect(halfMade(error)).toBeUndefined();
  });

  it('gives a half-made resource with what is to be recorded', async () => {
    const error = await client.create(repository, { name: 'half' }).catch((thrown: unknown) => thrown);
    expect(halfMade(error)).toEqual({
      id: 'half-id',
      outputs: { name: 'half', arn: 'arn:half' },
      reasons: ['it is not well'],
    });
  });

  it('reads drift into the inputs, and an empty id for what is gone', async () => {
    expect(await client.read(repository, 'there', { name: 'x' })).toMatchObject({
      id: 'there',
      inputs: { name: 'x', forceDelete: true },
    });
    expect((await client.read(repository, 'gone', { name: 'x' })).id).toBe('');
  });

  it('updates, and in a preview keeps what is known', async () => {
    const olds = { name: 'x', arn: 'arn:aws' };
    expect(await client.update(repository, 'id', olds, { name: 'x', forceDelete: true }, true)).toEqual({
      ...olds,
      forceDelete: true,
    });
    expect((await client.update(repository, 'id', olds, { name: 'x' })).arn).toBe('arn:updated');
  });

  it('refuses a delete as the cloud does', async () => {
    await client.delete(repository, 'id', { name: 'x' });
    await expect(client.delete(repository, 'kept', { name: 'x' })).rejects.toThrow(/still contains images/);
  });

  it('names a function it does not have', async () => {
    await expect(client.invoke('aws:index/getRegion:getRegion', {})).rejects.toThrow(
      /has no function aws:index\/getRegion/,
    );
  });
});
