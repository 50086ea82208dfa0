import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DeliveryError } from '../../contract/errors.ts';
import type { Deployer } from '../../contract/ports.ts';
import { parseStack } from '../../contract/stack.ts';
import type { Installation } from '../../pulumi/installation.ts';
import { killEngines } from './kill-engines.ts';
import {
  checkoutInstallation,
  installationMilliseconds,
  release,
  type TinyOptions,
  tinyDeployer,
  tinyProject,
} from './tiny-deployer.ts';
import type { Vendor } from './tiny-provider.ts';

const gcp = parseStack('gcp-dev');
const r1 = { manifest: release(1), stage: 'live' as const };
const r2 = { manifest: release(2), stage: 'live' as const };

let command: Installation['command'];
let checkout: string;
let cleanUp: (() => Promise<void> | void)[];

beforeAll(async () => {
  command = (await checkoutInstallation()).command;
}, installationMilliseconds);

beforeEach(async () => {
  const project = await tinyProject();
  checkout = project.checkout;
  cleanUp = [project.remove];
});
afterEach(async () => {
  for (const action of cleanUp.reverse()) await action();
});

async function deployerWith(options: Partial<TinyOptions> = {}): Promise<Deployer> {
  const { deployer, stop } = await tinyDeployer({ checkout, command, ...options });
  cleanUp.push(stop);
  return deployer;
}

describe('a deployment through the real engine', () => {
  test('a stack is made, deployed, read back and destroyed', async () => {
    const deployer = await deployerWith();
    expect(await deployer.deployed(gcp)).toBeUndefined();
    const result = await deployer.deploy(gcp, r1);
    expect(result).toMatchObject({
      outcome: 'applied',
      diagnostics: [],
      service: {
        endpoint: 'http://127.0.0.1/gcp-dev',
        revision: 'thing-gcp-dev',
        release: { imageDigest: r1.manifest.image.digest },
      },
    });
    expect(await deployer.deployed(gcp)).toEqual(result.service);
    await deployer.destroy(gcp);
    expect(await deployer.deployed(gcp)).toBeUndefined();
    await deployer.destroy(gcp);
  });

  test('a preview says what would change and changes nothing; asked twice it has one fingerprint, for another image another', async () => {
    const deployer = await deployerWith();
    const first = await deployer.preview(gcp, r1);
    expect(first.changes.map(({ name, operation }) => `${operation} ${name}`)).toEqual([
      'create default',
      'create one',
    ]);
    expect(await deployer.deployed(gcp)).toBeUndefined();
    await deployer.deploy(gcp, r1);
    const second = await deployer.preview(gcp, r2);
    expect(second.changes).toMatchObject([{ name: 'one', operation: 'update', paths: ['image', 'replaced'] }]);
    expect((await deployer.preview(gcp, r2)).fingerprint).toBe(second.fingerprint);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect((await deployer.preview(gcp, { ...r2, manifest: release(3) })).fingerprint).not.toBe(second.fingerprint);
  });

  test('what the vendor refuses is rejected, in its own words, and the stack keeps what it ran', async () => {
    const vendor: Vendor = {};
    const deployer = await deployerWith({ vendor });
    await deployer.deploy(gcp, r1);
    vendor.update = () => '1 error occurred:\n\t* InvalidRequestException: no such image\n\n';
    expect(await deployer.deploy(gcp, r2)).toMatchObject({
      outcome: 'rejected',
      diagnostics: ['one: InvalidRequestException: no such image'],
      service: { release: { imageDigest: r1.manifest.image.digest } },
    });
  });

  test('a rejected first deployment has no service', async () => {
    const deployer = await deployerWith({ vendor: { create: () => 'quota exceeded' } });
    expect(await deployer.deploy(gcp, r1)).toEqual({ outcome: 'rejected', diagnostics: ['one: quota exceeded'] });
  });

  test('an input the provider refuses fails the preview', async () => {
    const deployer = await deployerWith({ vendor: { check: () => 'unknown property `imagee`' } });
    await expect(deployer.preview(gcp, r1)).rejects.toMatchObject({
      code: 'errored',
      message: expect.stringContaining('unknown property `imagee`'),
    });
  });

  test("the program's own error comes back as it was thrown", async () => {
    const fault = new DeliveryError('config-invalid', 'cpu: expected a number');
    const deployer = await deployerWith({
      before: () => {
        throw fault;
      },
    });
    await expect(deployer.deploy(gcp, r1)).rejects.toBe(fault);
    await expect(deployer.preview(gcp, r1)).rejects.toBe(fault);
  });

  test('three stacks are deployed at the same time', async () => {
    const deployer = await deployerWith();
    const stacks = ['aws-dev', 'gcp-dev', 'azure-dev'].map((name) => parseStack(name));
    const results = await Promise.all(stacks.map((stack) => deployer.deploy(stack, r1)));
    expect(results.map((result) => result.service?.endpoint)).toEqual(
      stacks.map((stack) => `http://127.0.0.1/${stack.name}`),
    );
  });

  test('a foundation gives its outputs, and again from its state alone', async () => {
    const deployer = await deployerWith();
    expect(await deployer.foundationOutputs('aws')).toBeUndefined();
    const given = {
      repository: 'registry.example/aws',
      pullIdentity: 'thing-aws',
      details: { address: 'http://127.0.0.1/aws' },
    };
    expect(await deployer.foundation('aws')).toEqual(given);
    expect(await deployer.foundationOutputs('aws')).toEqual(given);
    expect(await deployer.previewFoundation('aws')).toMatchObject({ stack: 'aws-foundation', changes: [] });
  });

  test('a protected stack is not destroyed', async () => {
    const deployer = await deployerWith({ protect: true });
    await deployer.deploy(gcp, r1);
    await expect(deployer.destroy(gcp)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('one'),
    });
    expect(await deployer.deployed(gcp)).toBeDefined();
  });

  test('what is protected is not made anew either, and that is said in our words, before anything is touched', async () => {
    const deployer = await deployerWith({ protect: true });
    await deployer.deploy(gcp, r1);
    await writeFile(join(checkout, 'stacks', 'Pulumi.gcp-dev.yaml'), 'config:\n  tiny:zone: south\n');
    // The workspace copies the stack files when it is opened.
    const anew = await deployerWith({ protect: true });
    const refused = {
      code: 'refused',
      message: 'gcp-dev: one is protected and would be deleted or made anew',
      hint: expect.stringContaining('`protect: false`'),
    };
    await expect(anew.preview(gcp, r1)).rejects.toMatchObject(refused);
    await expect(anew.deploy(gcp, r1)).rejects.toMatchObject(refused);
    expect(await anew.deployed(gcp)).toMatchObject({ revision: 'thing-gcp-dev' });
  });

  test('a restoration is judged by what the cloud shows: what it may not do is refused before the state is written', async () => {
    const deployer = await deployerWith({ protect: true });
    await deployer.deploy(gcp, r1);
    const state = join(checkout, 'state', '.pulumi', 'stacks', 'tiny', 'gcp-dev.json');
    const before = await readFile(state, 'utf8');
    const changed = await deployerWith({ protect: true, vendor: { read: (inputs) => ({ ...inputs, zone: 'south' }) } });
    await expect(changed.deploy(gcp, { ...r1, readsBack: true })).rejects.toMatchObject({ code: 'refused' });
    expect(await readFile(state, 'utf8')).toBe(before);
  });

  test('what a failed first deployment left is destroyed although it is protected: the next one can begin anew', async () => {
    const create = ({ label }: { label?: unknown }) => (label === 'gcp-dev-two' ? 'CREATE_FAILED' : undefined);
    const deployer = await deployerWith({ protect: true, second: true, vendor: { create } });
    expect(await deployer.deploy(gcp, r1)).toEqual({ outcome: 'rejected', diagnostics: ['two: CREATE_FAILED'] });
    await deployer.destroy(gcp);
    const steps = (await deployer.preview(gcp, r1)).changes.map(({ name, operation }) => `${operation} ${name}`);
    expect(steps).toEqual(expect.arrayContaining(['create one', 'create two']));
  });

  test('a backend that is no local folder is asked through the CLI', async () => {
    const deployer = await deployerWith({ backendUrl: 'file://../state' });
    expect(await deployer.deployed(gcp)).toBeUndefined();
    await deployer.deploy(gcp, r1);
    expect(await deployer.deployed(gcp)).toMatchObject({ endpoint: 'http://127.0.0.1/gcp-dev' });
  });

  test('another passphrase than the one the stack was made with is said to be that', async () => {
    await (await deployerWith()).deploy(gcp, r1);
    const stranger = await deployerWith({ passphrase: 'another' });
    await expect(stranger.deploy(gcp, r2)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('the checkout is left as it was', async () => {
    const stackFile = join(checkout, 'stacks', 'Pulumi.gcp-dev.yaml');
    const before = await readFile(stackFile, 'utf8');
    await (await deployerWith()).deploy(gcp, r1);
    expect(await readFile(stackFile, 'utf8')).toBe(before);
    expect(await readFile(join(checkout, 'workspace', 'stacks', 'Pulumi.gcp-dev.yaml'), 'utf8')).toContain(
      'encryptionsalt',
    );
  });
});

describe('a run that did not end by itself', () => {
  test('an interrupted update ends in its own time, and the next one finds nothing to repair', async () => {
    const run = await slowRun(2);
    run.child.kill('SIGTERM');
    expect(await run.nextLine()).toBe('interrupted');
    await run.closed;
    const deployer = await deployerWith();
    const reports: string[] = [];
    const result = await deployer.deploy(gcp, r2, { report: ({ message }) => reports.push(message) });
    expect(result.outcome).toBe('applied');
    expect(reports.filter((line) => line.includes('killed'))).toEqual([]);
  });

  test('what a killed run left is recognised and cleared, and the next update goes through', async () => {
    const run = await slowRun(30);
    await stateSays('pending_operations');
    // With its engine, which would otherwise live on for a moment and might still end its work.
    killEngines(run.child.pid);
    run.child.kill('SIGKILL');
    await run.closed;
    const deployer = await deployerWith({ lockWaitSeconds: 10 });
    const reports: string[] = [];
    const result = await deployer.deploy(gcp, r2, { report: ({ message }) => reports.push(message) });
    expect(result.outcome).toBe('applied');
    expect(reports).toContain('a run that was killed held the lock: removed');
    expect(reports).toContain('an earlier run was killed: reading back what it left');
  });

  test("a lock of another machine's is never broken: the error names its owner", async () => {
    const deployer = await deployerWith();
    await deployer.deploy(gcp, r1);
    const folder = join(checkout, 'state', '.pulumi', 'locks', 'organization', 'tiny', 'gcp-dev');
    const lock = { pid: 4194304, username: 'ada', hostname: 'elsewhere', timestamp: '2026-11-21T14:00:00Z' };
    await writeFile(join(folder, 'other.json'), JSON.stringify(lock));
    await expect(deployer.deploy(gcp, r2)).rejects.toMatchObject({
      code: 'stack-locked',
      message: expect.stringContaining('ada@elsewhere (process 4194304)'),
    });
    expect(await readdir(folder)).toEqual(['other.json']);
  });

  test('a lock that a full disk left empty does not stop the next update', async () => {
    const deployer = await deployerWith({ lockWaitSeconds: 10 });
    await deployer.deploy(gcp, r1);
    const folder = join(checkout, 'state', '.pulumi', 'locks', 'organization', 'tiny', 'gcp-dev');
    await writeFile(join(folder, 'cut.json.tmp'), '');
    await utimes(join(folder, 'cut.json.tmp'), 0, 0);
    expect((await deployer.deploy(gcp, r2)).outcome).toBe('applied');
  });

  test('a signal that is there already starts nothing', async () => {
    const deployer = await deployerWith();
    const run = deployer.deploy(gcp, r1, { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(join(checkout, 'state'))).toEqual([]);
  });

  test('a wait for a lock ends with the signal', async () => {
    const deployer = await deployerWith({ lockWaitSeconds: 60 });
    await deployer.deploy(gcp, r1);
    const folder = join(checkout, 'state', '.pulumi', 'locks', 'organization', 'tiny', 'gcp-dev');
    const lock = { pid: 1, username: 'ada', hostname: 'elsewhere', timestamp: '2026-11-21T14:00:00Z' };
    await writeFile(join(folder, 'other.json'), JSON.stringify(lock));
    const controller = new AbortController();
    const report = ({ message }: { message: string }) => {
      if (message.includes('waiting')) controller.abort();
    };
    const run = deployer.deploy(gcp, r2, { signal: controller.signal, report });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
  });
});

/** The engine writes down what it begins beside beginning it: a kill before that leaves nothing to clear. */
async function stateSays(word: string): Promise<void> {
  const file = join(checkout, 'state', '.pulumi', 'stacks', 'tiny', 'gcp-dev.json');
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain(word);
}

/** Starts a deployment in its own process and returns once the vendor is at work on it. */
async function slowRun(
  seconds: number,
): Promise<{ child: ChildProcess; nextLine(): Promise<string>; closed: Promise<void> }> {
  const script = fileURLToPath(new URL('./slow-run.ts', import.meta.url));
  const child = spawn(process.execPath, [script, checkout, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUp.push(() => void child.kill('SIGKILL'));
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  expect(await nextLine()).toBe('started');
  return { child, nextLine, closed };
}
