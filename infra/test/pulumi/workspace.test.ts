import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareWorkspace } from '../../pulumi/workspace.ts';

let checkout: string;
let directory: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'trireme-checkout-'));
  directory = join(checkout, '.trireme', 'workspace');
  await mkdir(join(checkout, 'stacks'));
  await mkdir(join(checkout, 'infra'));
  await writeFile(join(checkout, 'Pulumi.yaml'), 'name: trireme\nruntime: nodejs\nstackConfigDir: stacks\n');
  await writeStack('gcp-dev', 'config:\n  trireme:region: europe-west1\n');
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

const prepare = (secrets: 'own' | 'stack-files' = 'own') => prepareWorkspace({ checkout, directory, secrets });
const writeStack = (stack: string, text: string) => writeFile(join(checkout, 'stacks', `Pulumi.${stack}.yaml`), text);
const copy = (stack: string) => join(directory, 'stacks', `Pulumi.${stack}.yaml`);

test('it holds the project file, the stack files and the program, and says the name of the project', async () => {
  expect(await prepare()).toEqual({ directory, project: 'trireme', stackFolder: 'stacks' });
  expect(await readFile(copy('gcp-dev'), 'utf8')).toBe('config:\n  trireme:region: europe-west1\n');
  expect(await realpath(join(directory, 'infra'))).toBe(await realpath(join(checkout, 'infra')));
});

test('what the engine noted stays until the stack file is edited', async () => {
  await prepare();
  await writeFile(copy('gcp-dev'), `${await readFile(copy('gcp-dev'), 'utf8')}encryptionsalt: v1:abc\n`);
  await prepare();
  expect(await readFile(copy('gcp-dev'), 'utf8')).toContain('encryptionsalt: v1:abc');
  await writeStack('gcp-dev', 'config:\n  trireme:region: us-east1\n');
  await prepare();
  expect(await readFile(copy('gcp-dev'), 'utf8')).toBe('config:\n  trireme:region: us-east1\n');
});

test("a stack file's own secrets provider is left out where the state has its own passphrase", async () => {
  const text = 'secretsprovider: gcpkms://projects/p\nencryptedkey: abc\nconfig:\n  trireme:region: europe-west4\n';
  await writeStack('gcp-prod', text);
  await prepare('own');
  expect(await readFile(copy('gcp-prod'), 'utf8')).toBe('config:\n  trireme:region: europe-west4\n');
  await rm(directory, { recursive: true });
  await prepare('stack-files');
  expect(await readFile(copy('gcp-prod'), 'utf8')).toBe(text);
});

test('a stack file that is gone is gone here', async () => {
  await prepare();
  await rm(join(checkout, 'stacks', 'Pulumi.gcp-dev.yaml'));
  await prepare();
  expect(await readdir(join(directory, 'stacks'))).toEqual([]);
});

test('malformed stack files are all named in one error', async () => {
  await writeStack('gcp-dev', 'config: [\n');
  await writeStack('aws-dev', 'config: {\n');
  await expect(prepare()).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(/aws-dev.*gcp-dev|gcp-dev.*aws-dev/s),
  });
});

test('a folder without a Pulumi project is said to be that', async () => {
  await rm(join(checkout, 'Pulumi.yaml'));
  await expect(prepare()).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('Pulumi.yaml'),
  });
});
