// Which installed packages a workspace runs with, read from the lockfile the way Node will look for them.
import { DeliveryError } from '../contract/errors.ts';

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  /** `sha512-…` of the package's archive. */
  readonly integrity?: string;
  readonly license?: string;
  /** Comes inside another package's archive, whose integrity covers it. */
  readonly inBundle?: boolean;
}

export interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface ProductionPackage {
  /** `node_modules/express`, or deeper where two versions live side by side. */
  readonly location: string;
  readonly version: string;
  readonly integrity: string | undefined;
  /** SPDX, where the package says one. */
  readonly license: string | undefined;
}

/**
 * Everything reachable from the workspace by `dependencies`, sorted by location. Development dependencies are not followed, and
 * neither are packages for one operating system or processor: the image holds JavaScript and WebAssembly only.
 */
export function productionPackages(lock: Lockfile, workspace: string): ProductionPackage[] {
  if (lock.lockfileVersion < 2 || lock.packages[workspace] === undefined) {
    throw new DeliveryError(
      'document-invalid',
      `package-lock.json: expected version 2 or later with a workspace \`${workspace}\``,
      {
        hint: 'npm install',
      },
    );
  }
  const reached = new Set<string>();
  const waiting = [workspace];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const from = lock.packages[at] ?? {};
    for (const { name, required } of wanted(from)) {
      const location = locate(lock, at, name);
      if (location === undefined) {
        if (!required) continue;
        throw new DeliveryError(
          'document-invalid',
          `package-lock.json: expected ${name}, which ${at} depends on; found none`,
          {
            hint: 'npm install',
          },
        );
      }
      const found = lock.packages[location];
      if (found?.os !== undefined || found?.cpu !== undefined) {
        if (!required) continue;
        throw new DeliveryError(
          'refused',
          `${location}: expected JavaScript or WebAssembly; found a package for one platform`,
          {
            hint: 'build with a container engine: npx trireme release --engine podman',
          },
        );
      }
      if (!reached.has(location)) waiting.push(location);
      reached.add(location);
    }
  }
  return [...reached].sort().map((location) => {
    const { version = '', integrity, license } = lock.packages[location] ?? {};
    return { location, version, integrity, license };
  });
}

function wanted(from: LockedPackage): { name: string; required: boolean }[] {
  const optional = from.optionalDependencies ?? {};
  const peers = Object.keys(from.peerDependencies ?? {});
  return [
    ...Object.keys(from.dependencies ?? {}).map((name) => ({ name, required: !(name in optional) })),
    ...Object.keys(optional).map((name) => ({ name, required: false })),
    ...peers.map((name) => ({ name, required: from.peerDependenciesMeta?.[name]?.optional !== true })),
  ];
}

/** Node's way: the nearest `node_modules` from where the package lies, up to the root. */
function locate(lock: Lockfile, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/\/?[^/]+$/, '')) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (!folder.endsWith('node_modules') && lock.packages[candidate] !== undefined) return candidate;
    if (folder === '') return undefined;
  }
}
