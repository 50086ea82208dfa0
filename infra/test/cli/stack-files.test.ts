import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStackFiles } from '../../cli/stack-files.ts';

const cloudRun = `config:
  trireme:runtime: cloud-run
  trireme:region: europe-west1
  trireme:cpu: 1
  trireme:memoryMiB: 1024
  trireme:minInstances: 1
  trireme:maxInstances: 2
  trireme:concurrency: 50
  trireme:exposure: public
  trireme:protect: false
  trireme:env: {}
  trireme:secrets: {}
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stack-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (stack: string, text: string) => writeFile(join(folder, `Pulumi.${stack}.yaml`), text);

test('the stacks are the files present, in the order a release travels', async () => {
  await write('gcp-prod', cloudRun);
  await write('gcp-dev', cloudRun);
  await write('gcp-foundation', 'config:\n  trireme:region: europe-west1\n');
  const { stacks, foundations, texts } = await readStackFiles(folder);
  expect(stacks.map(({ stack, runtime }) => `${stack.name} ${runtime}`)).toEqual([
    'gcp-dev cloud-run',
    'gcp-prod cloud-run',
  ]);
  expect(foundations).toEqual(['gcp']);
  expect(Object.keys(texts)).toHaveLength(3);
});

test('every malformed file is reported in one error', async () => {
  await write('gcp-dev', cloudRun.replace('memoryMiB: 1024', 'memoryMiB: lots').replace('concurrency', 'concurency'));
  await write('gcp-prod', 'config: [');
  await write('gpc-dev', cloudRun);
  const error = await readStackFiles(folder).then(undefined, (found: unknown) => found);
  expect(error).toMatchObject({ code: 'config-invalid' });
  const message = String(error);
  expect(message).toMatch(/\nstacks\/Pulumi\.gcp-dev\.yaml: memoryMiB: expected a number; found "lots"/);
  expect(message).toContain('did you mean `trireme:concurrency`?');
  expect(message).toContain('Pulumi.gcp-prod.yaml:');
  expect(message).toMatch(/Pulumi\.gpc-dev\.yaml:.*did you mean `gcp-dev`\?/);
});

test('a folder without a stack is an error that says what to add', async () => {
  await expect(readStackFiles(folder)).rejects.toThrow('expected the file of a stack');
  await expect(readStackFiles(join(folder, 'missing'))).rejects.toMatchObject({
    hint: expect.stringContaining('add stacks/'),
  });
});
