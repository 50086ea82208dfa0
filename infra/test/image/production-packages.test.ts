import { describe, expect, it } from 'vitest';
import { type Lockfile, productionPackages } from '../../image/production-packages.ts';

function lock(packages: Lockfile['packages']): Lockfile {
  return { lockfileVersion: 3, packages: { '': {}, ...packages } };
}

describe('the packages a workspace runs with', () => {
  it.each<[string, Lockfile['packages'], string[]]>([
    [
      'are its dependencies and theirs',
      {
        app: { dependencies: { a: '1' } },
        'node_modules/a': { version: '1', dependencies: { b: '1' } },
        'node_modules/b': { version: '1' },
        'node_modules/unrelated': { version: '1' },
      },
      ['node_modules/a', 'node_modules/b'],
    ],
    [
      'are the nearest ones, as Node finds them',
      {
        app: { dependencies: { a: '1', b: '2' } },
        'app/node_modules/b': { version: '2' },
        'node_modules/a': { version: '1', dependencies: { b: '3' } },
        'node_modules/a/node_modules/b': { version: '3', dependencies: { '@s/c': '1' } },
        'node_modules/@s/c': { version: '1', dependencies: { b: '1' } },
        'node_modules/b': { version: '1' },
      },
      ['app/node_modules/b', 'node_modules/@s/c', 'node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/b'],
    ],
    [
      'end where they go round in a circle',
      {
        app: { dependencies: { a: '1' } },
        'node_modules/a': { version: '1', dependencies: { b: '1' } },
        'node_modules/b': { version: '1', dependencies: { a: '1' } },
      },
      ['node_modules/a', 'node_modules/b'],
    ],
    [
      'leave out what is for development, optional and absent, or for one platform',
      {
        app: {
          dependencies: { a: '1' },
          optionalDependencies: { native: '1', absent: '1' },
          ...({ devDependencies: { dev: '1' } } as object),
        },
        'node_modules/a': { version: '1' },
        'node_modules/dev': { version: '1' },
        'node_modules/native': { version: '1', os: ['linux'], cpu: ['x64'] },
      },
      ['node_modules/a'],
    ],
    [
      'count the peers that are wanted',
      {
        app: { dependencies: { a: '1' } },
        'node_modules/a': {
          version: '1',
          peerDependencies: { b: '1', c: '1' },
          peerDependenciesMeta: { c: { optional: true } },
        },
        'node_modules/b': { version: '1' },
      },
      ['node_modules/a', 'node_modules/b'],
    ],
  ])('%s', (_name, packages, expected) => {
    expect(productionPackages(lock(packages), 'app').map((one) => one.location)).toEqual(expected);
  });

  it.each<[string, Lockfile, string]>([
    ['a lockfile without the workspace', lock({}), 'document-invalid'],
    ['a lockfile of npm 6', { lockfileVersion: 1, packages: { app: {} } }, 'document-invalid'],
    ['a dependency that is not locked', lock({ app: { dependencies: { a: '1' } } }), 'document-invalid'],
    [
      'a dependency that is native',
      lock({ app: { dependencies: { a: '1' } }, 'node_modules/a': { version: '1', os: ['linux'] } }),
      'refused',
    ],
  ])('refuse %s', (_name, lockfile, code) => {
    expect(() => productionPackages(lockfile, 'app')).toThrow(expect.objectContaining({ code }));
  });
});
