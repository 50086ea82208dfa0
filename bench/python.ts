// Python programs other people wrote, each list of packages installed once into an environment of its own under .trireme/python.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const cache = path.join(import.meta.dirname, '..', '.trireme', 'python');
const installWithinMs = 10 * 60_000;

export function hasPython(): boolean {
  return spawnSync('python3', ['--version']).status === 0;
}

/**
 * Made again when the list changes.
 * @param requirements a file of pinned packages; @param folder tells it from others. @returns the environment's `bin`.
 * @throws Error when pip does, in its words.
 */
export function pythonEnvironment(requirements: string, folder: string, talk: (line: string) => void): string {
  const home = path.join(cache, folder);
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = path.join(home, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return path.join(home, 'bin');
  mkdirSync(cache, { recursive: true });
  talk(`installing ${path.basename(requirements)} into .trireme/python/${folder}`);
  // What pip says is for people: standard output is the caller's.
  const options = { stdio: ['ignore', 2, 2], timeout: installWithinMs } satisfies Parameters<typeof execFileSync>[2];
  execFileSync('python3', ['-m', 'venv', '--clear', home], options);
  const quietly = ['install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  execFileSync(path.join(home, 'bin/pip'), quietly, options);
  writeFileSync(stamp, wanted);
  return path.join(home, 'bin');
}
