import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import { type Cloud, clouds } from '../../contract/stack.ts';
import type { RefusalReason } from '../../emulator/providers/refusing.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';
import { type EmulatedClouds, emulatedClouds } from './emulated-clouds.ts';

const stacks = fileURLToPath(new URL('../../../stacks/', import.meta.url));
let emulated: EmulatedClouds;

beforeAll(async () => {
  const texts = clouds
    .map((cloud) => `${cloud}-foundation`)
    .map(async (name) => [name, await readFile(join(stacks, `Pulumi.${name}.yaml`), 'utf8')]);
  emulated = await emulatedClouds(Object.fromEntries(await Promise.all(texts)));
}, installationMilliseconds);
afterAll(() => emulated?.stop());

/** What a person reads when a foundation could not be brought up. */
async function refused(cloud: Cloud, why: RefusalReason, type: string): Promise<{ code: string; text: string }> {
  emulated.refuse({ cloud, why, type });
  try {
    await emulated.deployer.foundation(cloud);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return { code: error.code, text: `${error.message} (${error.hint})` };
  } finally {
    emulated.refuse();
  }
  throw new Error(`${cloud} did not refuse`);
}

describe('a cloud that refuses, through the real engine', () => {
  it.each<[Cloud, RefusalReason, string, string, RegExp]>([
    [
      'aws',
      'missing-permission',
      ':Repository',
      'failed',
      /lacks a right: .*not authorized to perform: ecr:CreateRepository.*grant-list/,
    ],
    ['aws', 'quota', ':Repository', 'failed', /quota is used up: .*Service Quotas/],
    [
      'gcp',
      'expired-credential',
      ':Repository',
      'cloud-unreachable',
      /invalid_grant.*gcloud auth application-default login/,
    ],
    ['gcp', 'region', ':Repository', 'failed', /not offered in that region: .*correct `region`/],
    ['azure', 'missing-permission', ':Registry', 'failed', /lacks a right: .*AuthorizationFailed.*azure-foundation/],
    ['azure', 'time-out', ':Registry', 'failed', /did not finish in time: .*run the same command again/],
  ])('%s, %s: one line with the way on', async (cloud, why, type, code, text) => {
    const said = await refused(cloud, why, type);
    expect(said).toEqual({ code, text: expect.stringMatching(text) });
    expect(said.text).not.toContain('\n');
  });

  it.each(clouds)('and the next run of %s-foundation goes through, nothing in its state in the way', async (cloud) => {
    expect((await emulated.deployer.foundation(cloud)).repository).not.toBe('');
  });
});
