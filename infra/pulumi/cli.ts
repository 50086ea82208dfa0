// The Pulumi CLI: found on this machine, or obtained once and kept in the cache.
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { version as sdkVersion } from '@pulumi/pulumi/version.js';
import { DeliveryError } from '../contract/errors.ts';
import { buildFromGoModules } from './cli-build.ts';
import { runInstaller } from './cli-installer.ts';
import type { Environment } from './engine-command.ts';

/** The newest version that could be had from Go's module proxy when `go/go.mod` was made; `go/go.mod` names the same. */
export const builtVersion = '3.259.0';
/** The oldest version the delivery was tried with. */
export const oldestVersion = '3.200.0';

export interface CliOptions {
  /** A `pulumi` binary to use and nothing else. */
  readonly explicit?: string | undefined;
  /** Where this machine keeps CLIs, by version: `~/.cache/trireme/pulumi`. */
  readonly cacheDirectory: string;
  /** `PATH`, and what Go and the installer need: `HOME`, proxies. */
  readonly environment: Environment;
  /** Minutes can pass in silence otherwise. */
  readonly report: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** One way to come by a CLI: the path of the binary, or why not. */
export interface Way {
  readonly name: string;
  attempt(): Promise<{ readonly path: string } | { readonly reason: string }>;
}

export interface FoundCli {
  readonly path: string;
  readonly version: string;
}

/** @throws DeliveryError `cli-missing`, with everything that was tried. */
export async function findPulumi(options: CliOptions): Promise<FoundCli> {
  return firstThatWorks(waysFor(options), options.environment);
}

export async function firstThatWorks(ways: readonly Way[], environment: Environment): Promise<FoundCli> {
  const tried: string[] = [];
  for (const way of ways) {
    const result = await way.attempt();
    if ('reason' in result) {
      tried.push(`${way.name}: ${result.reason}`);
      continue;
    }
    const version = await versionOf(result.path, environment);
    if (version !== undefined && isRecentEnough(version)) return { path: result.path, version };
    tried.push(`${way.name}: ${result.path} is ${version === undefined ? 'no Pulumi CLI that runs' : version}`);
  }
  throw new DeliveryError(
    'cli-missing',
    `expected the Pulumi CLI, ${oldestVersion} or newer; tried ${tried.join('; ')}`,
    {
      hint: 'install it (https://www.pulumi.com/docs/install), or Go 1.25.11 or newer, and run the same command again',
    },
  );
}

/** `v3.259.0` and `3.259.0`; anything else is `undefined`. */
export function parseVersion(printed: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)\b/.exec(printed.trim())?.[1];
}

export function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestVersion.split('.').map(Number);
  // Another major version speaks another protocol.
  return major === oldestMajor && minor >= oldestMinor;
}

function waysFor(options: CliOptions): Way[] {
  const { explicit, cacheDirectory } = options;
  if (explicit !== undefined) {
    return [{ name: 'the path given', attempt: () => existing(explicit, `${explicit} can't be executed`) }];
  }
  const built = join(cacheDirectory, builtVersion, 'bin', 'pulumi');
  const installed = join(cacheDirectory, sdkVersion, 'bin', 'pulumi');
  return [
    ...[installed, built].map((path) => ({ name: 'cache', attempt: () => existing(path, `no ${path}`) })),
    { name: '`PATH`', attempt: () => onPath(options.environment.PATH) },
    { name: 'official installer', attempt: () => runInstaller(installed, sdkVersion, options) },
    { name: 'Go modules', attempt: () => buildFromGoModules(built, builtVersion, options) },
  ];
}

async function existing(path: string, reason: string): Promise<{ path: string } | { reason: string }> {
  return (await isExecutable(path)) ? { path } : { reason };
}

async function onPath(path: string | undefined): Promise<{ path: string } | { reason: string }> {
  for (const folder of (path ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(folder, 'pulumi');
    if (await isExecutable(candidate)) return { path: candidate };
  }
  return { reason: 'no `pulumi`' };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(path: string, environment: Environment): Promise<string | undefined> {
  try {
    const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: 'true' };
    const { stdout } = await promisify(execFile)(path, ['version'], { env, timeout: 30_000 });
    return parseVersion(stdout);
  } catch {
    return undefined;
  }
}
