// Bad input and faults, as a person meets them: each ends with a clear sentence and its exit code, nothing is lost, and the next run works.
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { openLedger } from '../../ledger/git.ts';
import { World } from '../delivery/world.ts';
import { killEngines } from '../pulumi/kill-engines.ts';
import {
  copyProject,
  type Ended,
  eventuallyNone,
  eventuallyNoProcess,
  processesIn,
  type Running,
  removeProject,
  startTrireme,
  startTriremeWith,
} from '../rehearsal/rehearsal.ts';

let root: string;
let first: string;
let second: string;

beforeAll(async () => {
  root = await copyProject(['gcp']);
  await done('emulator', 'up', '--time-scale', '25');
  first = (await done('release')).stdout.trim();
  await done('deploy');
});
afterAll(async () => {
  await trireme('emulator', 'down');
  expect(await eventuallyNoProcess(root)).toEqual([]);
  await removeProject(root);
});

const trireme = (...words: readonly string[]): Promise<Ended> => startTrireme(root, ...words).ended;
const state = (...parts: readonly string[]): string => path.join(root, '.trireme', ...parts);
const git = (...words: readonly string[]) => promisify(execFile)('git', words, { cwd: root });
const factsNow = async () => JSON.parse((await done('history', '--json')).stdout).facts.length;

async function done(...words: readonly string[]): Promise<Ended> {
  const ended = await trireme(...words);
  expect(ended.code, `${words.join(' ')}\n${ended.stderr}`).toBe(0);
  return ended;
}

/** The end of a verb that a person can act on: this code, these words, no stack trace. */
function expectEnd({ code, stdout, stderr }: Ended, expected: number, ...words: readonly string[]): void {
  for (const word of words) expect(stderr).toContain(word);
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .+:\d+|this is a bug/m);
  expect(code, stderr).toBe(expected);
}

/** Plain Pulumi, in a shell that has sourced what `emulator up` printed. */
function pulumi(release: string, ...words: readonly string[]): Promise<Ended> {
  const script = `source .trireme/emulator/activate && pulumi ${words.join(' ')} --stack gcp-dev --non-interactive`;
  const env = { ...process.env, TRIREME_RELEASE: release };
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd: root, env }, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr: `${stdout}${stderr}` });
    });
  });
}

/** While `work` runs the file holds something else; afterwards what it held. */
async function whileEdited(file: string, edit: (bytes: Buffer) => Buffer, work: () => Promise<void>): Promise<void> {
  const before = await readFile(file);
  const after = edit(Buffer.from(before));
  expect(after.equals(before)).toBe(false);
  await writeFile(file, after);
  try {
    await work();
  } finally {
    await writeFile(file, before);
  }
}

/** While `work` runs, the file or folder is not there. */
async function whileAway(place: string, work: () => Promise<void>): Promise<void> {
  await rename(place, `${place}.away`);
  try {
    await work();
  } finally {
    await rm(place, { recursive: true, force: true });
    await rename(`${place}.away`, place);
  }
}

const replacing = (from: string, to: string) => (bytes: Buffer) => Buffer.from(bytes.toString().replace(from, to));
const oneByte = (position: number) => (bytes: Buffer) => {
  bytes.writeUInt8((bytes.readUInt8(position) + 1) % 256, position);
  return bytes;
};

test.each([
  [['deploy', '--sack', 'gcp-dev'], '--stack'],
  [['emulator', 'upp'], 'up'],
  [['history', '--kind', 'deploymnt'], 'deployment'],
  [['emulator', 'up', '--time-scale', 'fast'], '--time-scale'],
])('%j is no command: exit 2, with what would be one', async (words, meant) => {
  expectEnd(await trireme(...words), 2, meant);
});

test('every fault of every stack file is reported at once, and nothing is touched', async () => {
  const facts = await factsNow();
  const dev = path.join(root, 'stacks', 'Pulumi.gcp-dev.yaml');
  const prod = path.join(root, 'stacks', 'Pulumi.gcp-prod.yaml');
  const misspelt = (bytes: Buffer) =>
    replacing('concurrency:', 'concurency:')(replacing('memoryMiB: ', 'memoryMiB: about ')(bytes));
  await whileEdited(dev, misspelt, () =>
    whileEdited(prod, replacing('config:', 'config: ['), async () => {
      const ended = await trireme('deploy');
      expectEnd(ended, 2, 'gcp-dev.yaml', 'memoryMiB', 'did you mean `trireme:concurrency`?', 'gcp-prod.yaml');
    }),
  );
  expect(await factsNow()).toBe(facts);
});

/** A machine with git and nothing else, whose network answers nothing. */
async function bareMachine(cache: string): Promise<NodeJS.ProcessEnv> {
  const bin = path.join(path.dirname(root), 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of ['git', 'env', 'sh']) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout.trim(), path.join(bin, name)).catch(() => {});
  }
  const nowhere = 'http://127.0.0.1:9';
  return {
    PATH: bin,
    HOME: path.dirname(root),
    XDG_CACHE_HOME: cache,
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: nowhere,
    https_proxy: nowhere,
  };
}

test('without the Pulumi CLI, Go and a network everything that was tried is listed', async () => {
  await whileAway(state('pulumi'), async () => {
    const empty = await bareMachine(path.join(path.dirname(root), 'empty-cache'));
    const ended = await startTriremeWith(empty, root, 'deploy').ended;
    expectEnd(
      ended,
      1,
      'cache: no ',
      '`PATH`: no `pulumi`',
      'official installer: ',
      'no `go`',
      'pulumi.com/docs/install',
    );
    const blocked = await bareMachine(path.join(root, 'README.md'));
    expectEnd(await startTriremeWith(blocked, root, 'deploy').ended, 1, 'Go modules: ', 'README.md');
  });
});

test('a port that is taken is named, with the setting that gives another', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve));
  const address = taken.address();
  const port = String(typeof address === 'object' && address !== null ? address.port : 0);
  try {
    const env = { ...process.env, PORT: port };
    expectEnd(await startTriremeWith(env, root, 'serve').ended, 1, `:${port}`, 'taken', 'PORT');
    // What `npm start` runs.
    const start = promisify(execFile)(process.execPath, ['--run', 'start'], { cwd: root, env });
    await expect(start).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(`:${port}`) });
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test.each([
  ['cache', 1, ['status']],
  ['releases', 1, ['release']],
  ['models', 1, ['release']],
  ['build', 1, ['release', '--rebuild']],
  ['emulator/workspace', 1, ['deploy']],
  ['emulated-ledger.git', 6, ['deploy']],
])('with a file where %s should be, exit %i: %j names it', async (place, code, words) => {
  await whileAway(state(place), async () => {
    await writeFile(state(place), 'in the way');
    expectEnd(await trireme(...words), code, path.join('.trireme', place));
  });
});

test('a disk that is full when git appends a fact is said to be that', async () => {
  const facts = await factsNow();
  const bin = path.join(path.dirname(root), 'full-disk');
  await mkdir(bin, { recursive: true });
  // As git words it where the disk really is full; filling one is for root alone.
  const words = "fatal: sha1 file 'objects/pack/tmp_pack_a' write error. Out of diskspace";
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v git']);
  const script = `#!/bin/sh\nfor word in "$@"; do [ "$word" = fast-import ] && { echo "${words}" >&2; echo "fast-import: dumping crash report" >&2; exit 128; }; done\nexec ${stdout.trim()} "$@"\n`;
  await writeFile(path.join(bin, 'git'), script, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  expectEnd(await startTriremeWith(env, root, 'deploy').ended, 1, 'Out of diskspace', 'free some space');
  expect(await factsNow()).toBe(facts);
});

test('a manifest on disk with one other byte is no release for plain Pulumi', async () => {
  const manifest = state('releases', `${first}.json`);
  const facts = await factsNow();
  await whileEdited(manifest, replacing('"size":', '"size":1'), async () => {
    expectEnd(await pulumi(manifest, 'up', '--yes'), 1, first, 'it was edited');
  });
  await whileEdited(manifest, replacing('{', '['), async () => {
    expectEnd(await pulumi(manifest, 'preview'), 1, manifest, 'it was edited');
  });
  expect((await done('status')).stderr).not.toContain('outside');
  expect(await factsNow()).toBe(facts);
});

test('a fact edited in the branch stops every verb until the branch is restored', async () => {
  const ledger = state('emulated-ledger.git');
  const clone = path.join(path.dirname(root), 'clone');
  await git('clone', '--quiet', '--branch', 'trireme-ledger', ledger, clone);
  const there = (...words: readonly string[]) =>
    git('-C', clone, '-c', 'user.name=Mallory', '-c', 'user.email=mallory@trireme.example', ...words);
  const { stdout } = await there('grep', '-l', '"kind":"verification"', '--', 'facts');
  const file = path.join(clone, stdout.split('\n')[0] ?? '');
  await writeFile(file, replacing('"passed"', '"failed"')(await readFile(file)));
  await there('commit', '--quiet', '--all', '--message', 'nobody will notice');
  await there('push', '--quiet', 'origin', 'trireme-ledger');
  for (const words of [['deploy'], ['status']]) {
    expectEnd(await trireme(...words), 3, path.basename(file, '.json'), 'facts are never edited');
  }
  await there('push', '--quiet', '--force', 'origin', 'HEAD~1:trireme-ledger');
  expect((await done('status')).stdout).toContain(first);
});

test('an edited model is made again; where that makes another model, nothing is released', async () => {
  const [digest = ''] = await readdir(state('models'));
  const weights = state('models', digest, 'weights.bin');
  const golden = state('models', digest, 'golden.json');
  const good = await readFile(golden);
  await writeFile(golden, oneByte(200)(Buffer.from(good)));
  await whileEdited(weights, oneByte(10), async () => {
    await whileEdited(path.join(root, 'problem.yaml'), replacing('seed: ', 'seed: 7'), async () => {
      expectEnd(await trireme('release'), 3, 'golden.json', 'weights.bin', digest, 'npx trireme train');
    });
    const made = await done('release');
    expect(made.stderr).toContain('damaged in the store');
    second = made.stdout.trim();
  });
  expect(second).toMatch(/^rel-2-/);
  expect((await readFile(golden)).equals(good)).toBe(true);
});

test('a layer edited in the registry is found before anything is touched', async () => {
  const facts = await factsNow();
  const blobs = state('emulator', 'registries', 'gcp', 'blobs');
  const names = await readdir(blobs);
  const texts = await Promise.all(names.map((name) => readFile(path.join(blobs, name), 'latin1')));
  const layer = names[texts.findIndex((text) => text.includes('/golden.json\0'))] ?? 'none';
  await whileEdited(path.join(blobs, layer), oneByte(1500), async () => {
    expectEnd(await trireme('deploy', '--release', second), 3, layer.replace('-', ':'));
  });
  expect(await factsNow()).toBe(facts);
});

test('a release needs a git repository, and a clean one to enter prod', async () => {
  await whileAway(path.join(root, '.git'), async () => {
    expectEnd(await trireme('release'), 2, 'expected a git repository', root);
  });
  await whileEdited(path.join(root, 'README.md'), replacing('#', '# Not committed:'), async () => {
    const dirty = await done('release');
    expect(dirty.stderr).toContain('never enter prod');
    expectEnd(await trireme('promote', '--release', dirty.stdout.trim()), 3, 'built from files that no commit holds');
  });
});

/** What runs beside the emulated clouds and their containers. */
const besides = async () =>
  (await processesIn(root)).filter((line) => !/emulator\/main\.ts|serving\/main\.js/.test(line));

/** A deployment in the middle: the engine has told the cloud to change the service from the one of two releases to the other. */
async function startedDeployment(): Promise<Running & { readonly release: string }> {
  const { environments } = JSON.parse((await trireme('status', '--ledger-only', '--json')).stdout);
  const dev = environments.find(({ environment }: { environment: string }) => environment === 'dev');
  const release = dev.stacks[0].runs === second ? first : second;
  const running = startTrireme(root, 'deploy', '--release', release);
  await running.seen('update gcp:cloudrunv2/service');
  return { ...running, release };
}

test('Ctrl-C in the middle of a deployment stops it, and the next one is healthy', async () => {
  const running = await startedDeployment();
  running.child.kill('SIGINT');
  expectEnd(await running.ended, 130, 'interrupted');
  expect(await eventuallyNone(besides)).toEqual([]);
  expect((await done('deploy', '--release', running.release)).stderr).toContain('healthy');
});

test('two runs after a killed one: its lock and operations are cleared, one waits for the other or is overtaken', async () => {
  const { child, ended } = await startedDeployment();
  // The engine with it: left alone it may still put its things in order.
  killEngines(child.pid);
  child.kill('SIGKILL');
  expect((await ended).code).toBeNull();
  const both = await Promise.all([first, second].map((release) => trireme('deploy', '--release', release)));
  const said = both.map(({ stderr }) => stderr).join('\n');
  expect(said).toMatch(/killed/);
  // Whoever began first touches nothing any more once the other has begun, unless it was done by then.
  for (const { code, stderr } of both) expect(code === 0 || stderr.includes('overtaken by'), said).toBe(true);
  expect(
    both.map(({ code }) => code),
    said,
  ).toContain(0);
  expect(await eventuallyNone(besides)).toEqual([]);
  expectEnd(await trireme('verify'), 0, 'verified: gcp-dev runs ');
});

test('without emulated clouds, credentials and a network a deployment ends by itself and says what is missing', async () => {
  const elsewhere = await copyProject(['gcp']);
  try {
    const cache = process.env.XDG_CACHE_HOME ?? path.join(process.env.HOME ?? '', '.cache');
    const nobody = { ...(await bareMachine(cache)), PATH: process.env.PATH };
    expectEnd(await startTriremeWith(nobody, elsewhere, 'deploy').ended, 2, 'npx trireme release');
    await recordRelease(path.join(elsewhere, '.trireme'));
    expectEnd(await startTriremeWith(nobody, elsewhere, 'deploy').ended, 6, 'PULUMI_BACKEND_URL');
    const backend = path.join(elsewhere, '.trireme', 'state');
    await mkdir(backend);
    const withState = { ...nobody, PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: 'of a test' };
    expectEnd(
      await startTriremeWith(withState, elsewhere, 'deploy').ended,
      6,
      'error downloading provider',
      'is the network there?',
    );
  } finally {
    await removeProject(elsewhere);
  }
});

/** A release that real clouds would run, in a registry that does not answer. */
async function recordRelease(stateDirectory: string): Promise<void> {
  const world = new World();
  const { image } = await world.release();
  const copies = [{ cloud: 'gcp' as const, ref: `127.0.0.1:9/trireme/trireme@${image.digest}` }];
  const manifest = await world.release({ image: { ...image, builder: 'dockerfile', copies } });
  const ledger = await openLedger({
    repository: path.join(stateDirectory, 'ledger.git'),
    cache: path.join(stateDirectory, 'cache', 'test'),
  });
  const said = { at: '2026-01-01T00:00:00.000Z', actor: { login: 'dana', via: 'local' } } as const;
  await ledger.append(() => [{ kind: 'release', release: releaseIdOf(manifest), ...said, body: { manifest } }]);
}
