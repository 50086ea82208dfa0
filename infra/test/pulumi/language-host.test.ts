import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Installation } from '../../pulumi/installation.ts';
import { plainPulumiEnvironment, prepareWorkspace } from '../../pulumi/workspace.ts';
import { checkoutInstallation, installationMilliseconds, tinyProject } from './tiny-deployer.ts';

const nodeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const program = `import * as pulumi from '@pulumi/pulumi';
const zone: string = new pulumi.Config().require('zone');
if (zone === 'nowhere') throw new Error('there is no such zone');
console.log('the program speaks');
export const where = pulumi.output(zone).apply((one) => \`in the \${one}\`);
`;

let installed: Installation;
let checkout: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  installed = await checkoutInstallation();
}, installationMilliseconds);

beforeEach(async () => {
  ({ checkout, remove } = await tinyProject());
  await mkdir(join(checkout, 'infra'));
  await writeFile(join(checkout, 'infra', 'package.json'), '{"type":"module","main":"index.ts"}');
  await writeFile(join(checkout, 'infra', 'index.ts'), program);
  await writeFile(join(checkout, 'package.json'), '{}');
  await symlink(nodeModules, join(checkout, 'node_modules'));
  await writeFile(
    join(checkout, 'Pulumi.yaml'),
    `${await readFile(join(checkout, 'Pulumi.yaml'), 'utf8')}main: infra/\n`,
  );
  await prepareWorkspace({ checkout, directory: join(checkout, 'workspace'), secrets: 'own' });
});
afterEach(() => remove());

/** As a person types it, in the checkout: the environment says where the engine works. */
async function pulumi(...words: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('pulumi', [...words, '--non-interactive'], {
    cwd: checkout,
    env: {
      PATH: [installed.binDirectory, process.env.PATH].join(delimiter),
      HOME: process.env.HOME,
      ...plainPulumiEnvironment({ directory: join(checkout, 'workspace') }),
      PULUMI_BACKEND_URL: `file://${join(checkout, 'state')}`,
      PULUMI_HOME: join(checkout, 'home'),
      PULUMI_CONFIG_PASSPHRASE: 'for tests',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    },
  });
  return stdout + stderr;
}

test('plain `pulumi` previews, updates, refreshes and destroys the program, and leaves the checkout clean', async () => {
  await pulumi('stack', 'init', 'gcp-dev');
  const preview = await pulumi('preview', '--stack', 'gcp-dev');
  expect(preview).toContain('the program speaks');
  expect(preview).toContain('+ 1 to create');
  expect(preview).not.toContain('warning');
  expect(await pulumi('up', '--yes', '--skip-preview', '--stack', 'gcp-dev')).toContain('where: "in the north"');
  expect(await pulumi('refresh', '--yes', '--stack', 'gcp-dev')).toContain('1 unchanged');
  expect(await pulumi('preview', '--stack', 'gcp-dev', '--expect-no-changes')).toContain('1 unchanged');
  expect(await pulumi('destroy', '--yes', '--stack', 'gcp-dev')).toContain('- 1 deleted');
  expect(await readFile(join(checkout, 'stacks', 'Pulumi.gcp-dev.yaml'), 'utf8')).toBe('config:\n  tiny:zone: north\n');
});

test("a program's error is said once, in its own words", async () => {
  await writeFile(join(checkout, 'stacks', 'Pulumi.gcp-dev.yaml'), 'config:\n  tiny:zone: nowhere\n');
  await prepareWorkspace({ checkout, directory: join(checkout, 'workspace'), secrets: 'own' });
  await pulumi('stack', 'init', 'gcp-dev');
  const failure: { stdout: string } = await pulumi('preview', '--stack', 'gcp-dev').then(
    () => expect.fail('the preview went well'),
    (error) => error,
  );
  expect(failure.stdout.match(/Error: there is no such zone/g)).toHaveLength(1);
  expect(failure.stdout).not.toContain('ended with code');
});
