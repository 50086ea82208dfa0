import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instance } from '@pulumi/aws/rds/instance.js';
import { secret } from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { currentDatabaseGiB, databaseGiB, refuseSmaller, withDiskOf } from '../../clouds/database-size.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { attachedClouds } from '../emulator/providers/attached-clouds.ts';
import { inlineStack } from '../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';

const read = (...resources: readonly (readonly [string, object])[]) => ({
  outputs: Object.fromEntries(resources.map(([type, outputs], index) => [`urn:${index}`, { type, outputs }])),
});
const config = (storageGiB?: number) =>
  storageGiB === undefined ? {} : { database: { engine: 'mysql' as const, size: 's', storageGiB } };
const aws = 'aws:rds/instance:Instance';

describe('the disk a stack’s database has', () => {
  it.each([
    ['on AWS', read([aws, { allocatedStorage: 40 }], ['aws:s3/bucket:Bucket', {}]), 40],
    ['on Google Cloud', read(['gcp:sql/databaseInstance:DatabaseInstance', { settings: { diskSize: 10 } }]), 10],
    ['on Azure', read(['azure-native:dbformysql:Server', { storage: { storageSizeGB: 64 } }]), 64],
    ['the larger of two', read([aws, { allocatedStorage: 40 }], [aws, { allocatedStorage: 20 }]), 40],
    ['none', read(['aws:s3/bucket:Bucket', {}]), undefined],
    ['a state without resources', { outputs: {} }, undefined],
    ['an answer of another kind', undefined, undefined],
  ])('%s', (_what, answer, expected) => expect(databaseGiB(answer)).toBe(expected));

  it('is never made smaller, and says the way on', () => {
    const refused = () => refuseSmaller('gcp-dev', config(10), 40);
    expect(refused).toThrow(DeliveryError);
    expect(refused).toThrow(/^gcp-dev: expected database.storageGiB of 40 or more, .*; found 10$/);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ code: 'refused', hint: expect.stringMatching(/write 40; .*dump the data/) });
    }
  });

  it.each([[40], [64], [undefined]])('takes %s where it has 40', (size) =>
    expect(() => refuseSmaller('gcp-dev', config(size), 40)).not.toThrow(),
  );

  it.each([
    ['settings of before it grew', 10, 40, 40],
    ['settings that are larger', 64, 40, 64],
    ['a stack without one', 10, undefined, 10],
    ['settings without one', undefined, 40, undefined],
  ])('stays under %s', (_what, asked, has, expected) =>
    expect(withDiskOf(config(asked), has).database?.storageGiB).toBe(expected),
  );
});

it(
  'is what the engine’s state of the stack says, and is asked before anything is touched',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'trireme-disk-'));
    const clouds = await attachedClouds();
    try {
      const name = 'aws-dev';
      const found: (number | undefined)[] = [];
      let size = 40;
      const program = async () => {
        const has = await currentDatabaseGiB({ name });
        found.push(has);
        if (has !== undefined) refuseSmaller(name, config(size), has);
        new Instance('database', {
          identifier: 'trireme-dev',
          engine: 'mysql',
          instanceClass: 'db.t4g.micro',
          allocatedStorage: size,
          username: 'trireme',
          password: secret('only for tests'.replaceAll(' ', '-')),
          skipFinalSnapshot: true,
        });
      };
      const stack = await inlineStack({ name, directory, debugProviders: clouds.debugProviders, program });
      await stack.up();
      size = 20;
      await expect(stack.up()).rejects.toThrow(/expected database.storageGiB of 40 or more/);
      size = 64;
      await stack.preview();
      expect(found).toEqual([undefined, 40, 40]);
    } finally {
      await clouds.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
  installationMilliseconds,
);
