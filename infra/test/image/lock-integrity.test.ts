import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { faultsOfLock } from '../../image/lock-integrity.ts';
import type { Lockfile } from '../../image/production-packages.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const resolved = 'https://registry.npmjs.org/x/-/x-1.0.0.tgz';
const of = (entry: Lockfile['packages'][string]): Lockfile => ({
  lockfileVersion: 3,
  packages: { '': {}, app: {}, 'node_modules/x': { version: '1.0.0', ...entry } },
});

describe('a lock file', () => {
  it.each([
    ['with hashes', { integrity, resolved }],
    ['that leaves out where packages come from', { integrity }],
    ['with a workspace', { link: true, resolved: 'app' }],
    ['with a package inside another', { inBundle: true }],
  ])('%s pins what it names', (_what, entry) => {
    expect(faultsOfLock(of(entry))).toEqual([]);
  });

  it.each([
    ['without a hash', { resolved }, 'found none'],
    ['with a hash that is none any more', { integrity: 'sha1-AAAA', resolved }, 'found sha1-AAAA'],
    ['of another registry', { integrity, resolved: 'https://evil.example/x.tgz' }, 'found https://evil.example'],
    ['of a registry that looks alike', { integrity, resolved: 'https://registry.npmjs.org.evil.example/x' }, 'evil'],
    ['of a git repository', { integrity, resolved: 'git+ssh://git@github.com/x/x.git#abc' }, 'found git+ssh'],
  ])('%s does not', (_what, entry, word) => {
    expect(faultsOfLock(of(entry)).join('; ')).toContain(word);
  });

  it('of this repository pins every package', async () => {
    const text = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8');
    const lock = JSON.parse(text) as Lockfile;
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(faultsOfLock(lock)).toEqual([]);
  });
});
