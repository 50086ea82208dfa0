import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseExport, readStateFile, removeEmptyAttributes, stateFileOf } from '../../pulumi/state.ts';

test.each([
  ['file:///home/ada/state', '/home/ada/state/.pulumi/stacks/trireme/gcp-dev.json'],
  ['file:///home/a%20b/state?no_tmp_dir=true', '/home/a b/state/.pulumi/stacks/trireme/gcp-dev.json'],
  ['file://~', undefined],
  ['file://./state', undefined],
  ['s3://bucket', undefined],
  [undefined, undefined],
])('the state of %s is kept in %s', (url, path) => {
  expect(stateFileOf(url, 'trireme', 'gcp-dev')).toBe(path);
});

const deployment = {
  manifest: { time: '2026-11-21T14:00:00Z' },
  resources: [
    {
      urn: 'urn:pulumi:gcp-dev::trireme::pulumi:pulumi:Stack::trireme-gcp-dev',
      type: 'pulumi:pulumi:Stack',
      outputs: {
        endpoint: 'https://x',
        key: { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', ciphertext: 'v1:…' },
      },
    },
    { urn: 'urn:pulumi:gcp-dev::trireme::a:b:C::one', type: 'a:b:C', protect: true },
  ],
  pending_operations: [
    { resource: { urn: 'urn:pulumi:gcp-dev::trireme::a:b:C::two', type: 'a:b:C' }, type: 'creating' },
  ],
};
const state = {
  outputs: { endpoint: 'https://x' },
  resources: [
    { urn: deployment.resources[0]?.urn, type: 'pulumi:pulumi:Stack', protected: false },
    { urn: 'urn:pulumi:gcp-dev::trireme::a:b:C::one', type: 'a:b:C', protected: true },
  ],
  pending: [{ urn: 'urn:pulumi:gcp-dev::trireme::a:b:C::two', type: 'a:b:C', operation: 'creating' }],
};

test('a state file and an export of the CLI say the same: outputs without secrets, what is protected, what was under way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'gcp-dev.json');
  expect(await readStateFile(file)).toBeUndefined();
  await writeFile(file, JSON.stringify({ version: 3, checkpoint: { stack: 'gcp-dev', latest: deployment } }));
  expect(await readStateFile(file)).toEqual(state);
  expect(parseExport(JSON.stringify({ version: 3, deployment }))).toEqual(state);
});

const runner = { urn: 'r', type: 'aws:apprunner/service:Service', id: 'arn:r' };
const express = { urn: 'e', type: 'aws:ecs/expressGatewayService:ExpressGatewayService', id: 'arn:e' };
test.each([
  ['nothing', [], undefined],
  ['one service', [runner], 'app-runner'],
  ['one that is only to be deleted', [{ ...runner, delete: true }, express], 'ecs-express'],
  ['two, of which the outputs name one', [express, runner], 'app-runner'],
  ['two, of which the outputs name none', [{ ...runner, id: 'arn:other' }, { ...express }], undefined],
])('a stack with %s runs on its runtime', (_, services, runtime) => {
  const stack = { ...deployment.resources[0], outputs: { coordinates: { serviceArn: 'arn:r' } } };
  const resources = [stack, ...services];
  expect(parseExport(JSON.stringify({ version: 3, deployment: { resources } })).runtime).toBe(runtime);
});

test('a stack that was never deployed is empty', () => {
  expect(parseExport(JSON.stringify({ version: 3, deployment: { manifest: {} } }))).toEqual({
    outputs: {},
    resources: [],
    pending: [],
  });
});

test('a damaged state file is said to be that, with where the one before is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'gcp-dev.json');
  for (const damaged of ['{"version":3,"chec', '{"version":3}']) {
    await writeFile(file, damaged);
    await expect(readStateFile(file)).rejects.toMatchObject({
      code: 'document-invalid',
      hint: expect.stringContaining('gcp-dev.json.bak'),
    });
  }
});

test('empty attributes beside a state file, which a killed CLI leaves, are removed; others stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-attributes-'));
  const file = join(folder, 'gcp-dev.json');
  await writeFile(`${file}.attrs`, '');
  await writeFile(`${file}.bak.attrs`, '{}');
  expect(await removeEmptyAttributes(file)).toBe(true);
  expect(await readdir(folder)).toEqual(['gcp-dev.json.bak.attrs']);
  expect(await removeEmptyAttributes(file)).toBe(false);
  await rm(folder, { recursive: true });
});
