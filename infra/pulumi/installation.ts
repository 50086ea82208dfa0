// The checkout's own Pulumi: the CLI and a language host in one folder, so that plain `pulumi` works wherever that folder is on the path.
import { chmod, copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { type CliOptions, findPulumi, oldestVersion } from './cli.ts';

export interface Installation {
  readonly command: PulumiCommand;
  /** To be put first on `PATH` by who wants to type `pulumi`. */
  readonly binDirectory: string;
  readonly version: string;
}

/** @param projectDirectory the checkout; the installation is its `.trireme/pulumi/`. */
export async function installation(projectDirectory: string, options: CliOptions): Promise<Installation> {
  const root = join(projectDirectory, '.trireme', 'pulumi');
  const binDirectory = join(root, 'bin');
  const installed = options.explicit === undefined ? await commandIn(root) : undefined;
  if (installed === undefined) {
    const found = await findPulumi(options);
    await mkdir(binDirectory, { recursive: true });
    await placeFile(found.path, join(binDirectory, 'pulumi'));
    const officialHost = join(dirname(found.path), languageHost);
    if (await isFile(officialHost)) await placeFile(officialHost, join(binDirectory, languageHost));
    else await rm(join(binDirectory, languageHost), { force: true });
  }
  await placeOwnHost(join(binDirectory, languageHost));
  const command = installed ?? (await PulumiCommand.get({ root }));
  return { command, binDirectory, version: command.version?.toString() ?? oldestVersion };
}

const languageHost = 'pulumi-language-nodejs';
const hostProgram = fileURLToPath(new URL('./language-host.ts', import.meta.url));
const shimMark = '# trireme';

async function commandIn(root: string): Promise<PulumiCommand | undefined> {
  return PulumiCommand.get({ root }).catch(() => undefined);
}

/** Where Pulumi's own host did not come with the CLI; written again when the checkout or its Node has moved. */
async function placeOwnHost(path: string): Promise<void> {
  const there = await readFile(path, 'latin1').catch(() => undefined);
  if (there !== undefined && !there.includes(shimMark)) return;
  const shim = languageHostShim(process.execPath, hostProgram);
  if (there === shim) return;
  const next = `${path}.${process.pid}`;
  await writeFile(next, shim, 'latin1');
  await chmod(next, 0o755);
  await rename(next, path);
}

export function languageHostShim(node: string, program: string): string {
  return `#!/bin/sh\n${shimMark}: stands in for Pulumi's own language host\nexec ${quoted(node)} ${quoted(program)} "$@"\n`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/** A second name for the same file; a copy where that can't be (another disk). */
async function placeFile(source: string, target: string): Promise<void> {
  const next = `${target}.${process.pid}`;
  await rm(next, { force: true });
  try {
    await link(source, next);
  } catch {
    await copyFile(source, next);
    await chmod(next, 0o755);
  }
  await rename(next, target);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
