// Pulumi's own installer, where the network lets it: https://www.pulumi.com/docs/iac/download-install/
import { dirname } from 'node:path';
import type { CliOptions } from './cli.ts';
import { runWithProgress } from './progress.ts';

const installer = 'https://get.pulumi.com/install.sh';
const answerSeconds = 5;
const limitSeconds = 300;

/** @param path where the binary is to be: `<root>/bin/pulumi`, as the installer lays it out. */
export async function runInstaller(
  path: string,
  version: string,
  options: CliOptions,
  download: (url: string, timeoutSeconds: number) => Promise<string> = downloadText,
): Promise<{ path: string } | { reason: string }> {
  try {
    const script = await download(installer, answerSeconds);
    await runWithProgress({
      command: '/bin/sh',
      args: ['-s', '--', '--no-edit-path', '--install-root', dirname(dirname(path)), '--version', version],
      input: script,
      environment: options.environment,
      limitSeconds,
      signal: options.signal,
      report: (seconds) => options.report(`installing the Pulumi CLI ${version}, once per machine (${seconds} s)`),
    });
    return { path };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

async function downloadText(url: string, timeoutSeconds: number): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1000) }).catch((cause: Error) => {
    throw new Error(`${url} did not answer`, { cause });
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
