// This machine: the tools that the verbs start, each asked for its version. Nothing is installed.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtVersion, isRecentEnough, oldestVersion, parseVersion } from '../../pulumi/cli.ts';
import type { CliEnvironment } from '../environment.ts';
import { fault, good, type Judged, note } from './finding.ts';

/** The first line that a program prints; `undefined` when it does not run. */
export type Probe = (program: string, ...rest: string[]) => Promise<string | undefined>;

/** Older ones lack `push --force-with-lease` by expected value, or partial reads that the ledger uses. */
const oldestGit = [2, 30] as const;
const oldestNode = 24;

export function systemProbe({ shell }: Pick<CliEnvironment, 'shell'>): Probe {
  return async (program, ...rest) => {
    try {
      const { stdout, stderr } = await promisify(execFile)(program, rest, {
        env: { ...shell, PULUMI_SKIP_UPDATE_CHECK: 'true' },
        timeout: 30_000,
      });
      return (stdout.trim() || stderr.trim()).split('\n')[0];
    } catch {
      return undefined;
    }
  };
}

export async function inspectMachine(
  { checkout, shell }: Pick<CliEnvironment, 'checkout' | 'shell'>,
  node: string,
  probe: Probe,
): Promise<readonly Judged[]> {
  const [git, pulumi, keygen, ...engines] = await Promise.all([
    probe('git', '--version'),
    firstOf(probe, [shell.TRIREME_PULUMI, join(checkout, '.trireme', 'pulumi', 'bin', 'pulumi'), 'pulumi']),
    // Without arguments it would ask for a file name.
    probe('ssh', '-V'),
    ...['podman', 'buildah', 'docker'].map((engine) => probe(engine, '--version')),
  ]);
  const engine = engines.find((one) => one !== undefined);
  return [
    Number(/^v?(\d+)/.exec(node)?.[1]) >= oldestNode
      ? good('node', node)
      : fault('node', `${oldestNode} or newer`, node, 'npm ci brings one: npx trireme'),
    gitFinding(git),
    pulumiFinding(pulumi),
    engine === undefined
      ? note(
          'container engine',
          'podman, buildah or docker, for releases that real clouds take',
          'none: releases here are layouts, for emulated clouds',
        )
      : good('container engine', engine),
    keygen === undefined ? note('OpenSSH', 'for signed approvals', 'none') : good('OpenSSH', keygen),
  ];
}

async function firstOf(probe: Probe, paths: readonly (string | undefined)[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = path === undefined ? undefined : await probe(path, 'version');
    if (found !== undefined) return found;
  }
  return undefined;
}

function gitFinding(found: string | undefined): Judged {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(found ?? '')?.slice(1) ?? []).map(Number);
  const recent = major > oldestGit[0] || (major === oldestGit[0] && minor >= oldestGit[1]);
  const expected = `git ${oldestGit.join('.')} or newer`;
  return found !== undefined && recent
    ? good('git', found)
    : fault('git', expected, found ?? 'none', 'install git: https://git-scm.com');
}

function pulumiFinding(found: string | undefined): Judged {
  if (found === undefined) {
    return note(
      'Pulumi CLI',
      `${oldestVersion} or newer`,
      `none yet: the first verb that needs it obtains ${builtVersion} or the official one`,
    );
  }
  const version = parseVersion(found);
  if (version !== undefined && isRecentEnough(version)) return good('Pulumi CLI', found);
  return fault('Pulumi CLI', `${oldestVersion} or newer`, found, 'https://www.pulumi.com/docs/install');
}
