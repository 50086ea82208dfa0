import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  builtVersion,
  type CliOptions,
  findPulumi,
  firstThatWorks,
  isRecentEnough,
  parseVersion,
  type Way,
} from '../../pulumi/cli.ts';
import { buildArguments, buildFromGoModules } from '../../pulumi/cli-build.ts';
import { runInstaller } from '../../pulumi/cli-installer.ts';
import { installation } from '../../pulumi/installation.ts';

let folder: string;
let messages: string[];
let options: CliOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-cli-'));
  messages = [];
  options = {
    cacheDirectory: join(folder, 'cache'),
    environment: { PATH: `${join(folder, 'path')}:/usr/bin:/bin`, HOME: folder },
    report: (message) => messages.push(message),
  };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function script(path: string, body: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}
const pulumi = (path: string, version = 'v3.259.0') => script(path, `echo ${version}`);

describe('where a CLI is looked for', () => {
  test('the path that was given counts alone', async () => {
    await pulumi(join(folder, 'path', 'pulumi'));
    const mine = await pulumi(join(folder, 'mine'), 'v3.250.1');
    expect(await findPulumi({ ...options, explicit: mine })).toEqual({ path: mine, version: '3.250.1' });
    await expect(findPulumi({ ...options, explicit: join(folder, 'none') })).rejects.toMatchObject({
      code: 'cli-missing',
    });
  });

  test('the cache comes before `PATH`', async () => {
    const cached = await pulumi(join(options.cacheDirectory, builtVersion, 'bin', 'pulumi'));
    await pulumi(join(folder, 'path', 'pulumi'));
    expect((await findPulumi(options)).path).toBe(cached);
    await rm(cached);
    expect((await findPulumi(options)).path).toBe(join(folder, 'path', 'pulumi'));
  });

  test('what is too old, of another major version, or no Pulumi at all is passed over, and an error lists it', async () => {
    const way = (name: string, path: string): Way => ({ name, attempt: async () => ({ path }) });
    const ways = [
      way('cache', await pulumi(join(folder, 'old'), 'v3.100.0')),
      way('`PATH`', await pulumi(join(folder, 'next'), 'v4.0.0')),
      way('neighbour', await script(join(folder, 'broken'), 'exit 1')),
      { name: 'official installer', attempt: async () => ({ reason: 'https://get.pulumi.com did not answer' }) },
    ];
    const attempt = firstThatWorks(ways, options.environment);
    await expect(attempt).rejects.toMatchObject({
      code: 'cli-missing',
      hint: expect.stringContaining('https://www.pulumi.com/docs/install'),
    });
    for (const words of ['3.100.0', '4.0.0', 'no Pulumi CLI that runs', 'did not answer']) {
      await expect(firstThatWorks(ways, options.environment)).rejects.toThrow(words);
    }
    const good = await pulumi(join(folder, 'good'));
    expect((await firstThatWorks([...ways, way('Go modules', good)], options.environment)).path).toBe(good);
  });

  test.each([
    ['v3.259.0\n', '3.259.0', true],
    ['3.200.0', '3.200.0', true],
    ['3.199.9', '3.199.9', false],
    ['v3.300.0-alpha.1+abc', '3.300.0', true],
    ['', undefined, false],
    ['Usage: pulumi', undefined, false],
  ])('%j is version %s, recent enough: %s', (printed, version, enough) => {
    expect(parseVersion(printed)).toBe(version);
    expect(version !== undefined && isRecentEnough(version)).toBe(enough);
  });
});

describe('building from Go modules', () => {
  const target = () => join(folder, 'cache', '3.259.0', 'bin', 'pulumi');
  /** Stands in for the Go tool: writes to the path after `-o`, a second after it was started. */
  const fakeGo = `printf '%s\\n' "$*" >> ${'$HOME'}/calls
echo 'go: downloading example.org/m v1.0.0' >&2
sleep 1
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"; chmod +x "$2"`;

  test('takes one turn for two processes, and reports', async () => {
    await script(join(folder, 'path', 'go'), fakeGo);
    const results = await Promise.all([1, 2].map(() => buildFromGoModules(target(), '3.259.0', options)));
    expect(results).toEqual([{ path: target() }, { path: target() }]);
    expect((await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(messages.some((message) => message.includes('building the Pulumi CLI 3.259.0 from Go modules'))).toBe(true);
    expect(messages.some((message) => message.includes('waiting for it'))).toBe(true);
  });

  test('goes on where a killed build left its lock', async () => {
    await script(join(folder, 'path', 'go'), fakeGo);
    await mkdir(dirname(target()), { recursive: true });
    await writeFile(join(dirname(target()), 'build.lock'), String(2 ** 22 + 1));
    expect(await buildFromGoModules(target(), '3.259.0', options)).toEqual({ path: target() });
  });

  test('leaves nothing half done, and says why it failed', async () => {
    await script(join(folder, 'path', 'go'), "echo 'go: github.com/pulumi/pulumi: 403 Forbidden' >&2; exit 1");
    expect(await buildFromGoModules(target(), '3.259.0', options)).toEqual({
      reason: 'go: github.com/pulumi/pulumi: 403 Forbidden',
    });
    await expect(stat(target())).rejects.toThrow();
  });

  test('is not possible without Go', async () => {
    const environment = { ...options.environment, PATH: join(folder, 'path') };
    const result = await buildFromGoModules(target(), '3.259.0', { ...options, environment });
    expect(result).toEqual({ reason: 'no `go` on `PATH`' });
  });

  test('names the version it builds, which is the one that is pinned', async () => {
    const pinned = await readFile(new URL('../../pulumi/go/go.mod', import.meta.url), 'utf8');
    expect(pinned).toContain(`github.com/pulumi/pulumi/pkg/v3 v${builtVersion}`);
    expect(buildArguments('/out', '3.259.0').join(' ')).toContain('version.Version=v3.259.0 -o /out');
  });
});

describe('the official installer', () => {
  test('is run when the network answers', async () => {
    const path = join(folder, 'cache', '3.270.0', 'bin', 'pulumi');
    const installer = `while [ "$1" != --install-root ]; do shift; done
mkdir -p "$2/bin"; printf '#!/bin/sh\\necho v3.270.0\\n' > "$2/bin/pulumi"; chmod +x "$2/bin/pulumi"`;
    expect(await runInstaller(path, '3.270.0', options, async () => installer)).toEqual({ path });
    expect((await stat(path)).isFile()).toBe(true);
  });

  test('is given up when it does not, or fails', async () => {
    const silent = async () => {
      throw new Error('https://get.pulumi.com/install.sh did not answer');
    };
    expect(await runInstaller(join(folder, 'x'), '3.270.0', options, silent)).toEqual({
      reason: 'https://get.pulumi.com/install.sh did not answer',
    });
    const failing = async () => 'echo "no disk" >&2; exit 3';
    expect(await runInstaller(join(folder, 'x'), '3.270.0', options, failing)).toEqual({ reason: 'no disk' });
  });
});

describe('the installation of a checkout', () => {
  test('is the CLI beside our language host, where the official one did not come with it', async () => {
    const explicit = await pulumi(join(folder, 'found', 'pulumi'));
    const { binDirectory, command, version } = await installation(folder, { ...options, explicit });
    expect(version).toBe('3.259.0');
    expect(command.command).toBe(join(binDirectory, 'pulumi'));
    expect((await stat(join(binDirectory, 'pulumi'))).ino).toBe((await stat(explicit)).ino);
    const shim = await readFile(join(binDirectory, 'pulumi-language-nodejs'), 'utf8');
    expect(shim).toContain(`exec '${process.execPath}'`);
    expect(shim).toContain("infra/pulumi/language-host.ts'");
  });

  test('keeps the official language host', async () => {
    const explicit = await pulumi(join(folder, 'found', 'pulumi'));
    await script(join(folder, 'found', 'pulumi-language-nodejs'), 'echo official');
    const { binDirectory } = await installation(folder, { ...options, explicit });
    expect(await readFile(join(binDirectory, 'pulumi-language-nodejs'), 'utf8')).toContain('official');
  });

  test('is found again without a search', async () => {
    const explicit = await pulumi(join(folder, 'found', 'pulumi'));
    await installation(folder, { ...options, explicit });
    await rm(join(folder, 'found'), { recursive: true });
    const environment = { PATH: join(folder, 'path') };
    expect((await installation(folder, { ...options, environment })).version).toBe('3.259.0');
  });
});
