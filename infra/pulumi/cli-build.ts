// The Pulumi CLI built from its Go modules, at the versions that `go/go.mod` and `go/go.sum` pin: for machines that reach a module proxy but not get.pulumi.com.
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CliOptions } from './cli.ts';
import { runWithProgress } from './progress.ts';

const modules = fileURLToPath(new URL('./go/', import.meta.url));
const mainPackage = 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi';
const versionVariable = 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version';
const limitSeconds = 1800;

export async function buildFromGoModules(
  path: string,
  version: string,
  options: CliOptions,
): Promise<{ path: string } | { reason: string }> {
  const lock = join(dirname(path), 'build.lock');
  const refused = await mkdir(dirname(path), { recursive: true }).then(() => undefined, String);
  if (refused !== undefined) return { reason: refused };
  const waited = await takeTurn(lock, options);
  const unfinished = `${path}.${process.pid}`;
  try {
    if (waited && (await exists(path))) return { path };
    await runWithProgress({
      command: 'go',
      args: buildArguments(unfinished, version),
      directory: modules,
      environment: { ...options.environment, CGO_ENABLED: '0' },
      limitSeconds,
      signal: options.signal,
      report: (seconds, lines) => options.report(progressOf(version, seconds, lines)),
    });
    await rename(unfinished, path);
    return { path };
  } catch (error) {
    options.signal?.throwIfAborted();
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { reason: isMissing ? 'no `go` on `PATH`' : error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(unfinished, { force: true });
    await rm(lock, { force: true });
  }
}

/** Without the version the CLI does not know its own, and the Automation API refuses it. `-v` names packages as they are compiled. */
export function buildArguments(output: string, version: string): string[] {
  return ['build', '-v', '-trimpath', '-ldflags', `-s -w -X ${versionVariable}=v${version}`, '-o', output, mainPackage];
}

function progressOf(version: string, seconds: number, lines: readonly string[]): string {
  const downloaded = lines.filter((line) => line.startsWith('go: downloading')).length;
  const compiled = lines.filter((line) => !line.startsWith('go: ')).length;
  return `building the Pulumi CLI ${version} from Go modules, once per machine, some minutes: ${downloaded} modules downloaded, ${compiled} packages compiled (${seconds} s)`;
}

/** @returns whether another process was building, and may have left the binary. */
async function takeTurn(lock: string, options: CliOptions): Promise<boolean> {
  for (let seconds = 0; ; seconds += 1) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return seconds > 0;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    // A file without a number was made this instant, or by a process that died just then: it is given a few seconds.
    if (owner > 0 ? !isAlive(owner) : seconds > 3) await rm(lock, { force: true });
    else if (seconds % 5 === 0) options.report(`another process builds the Pulumi CLI: waiting for it (${seconds} s)`);
    await sleep(1000, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
