// Whether a lock file pins what it names: every package with the hash of its archive, from npm's own registry. Pure.
import type { Lockfile } from './production-packages.ts';

const registry = 'https://registry.npmjs.org/';

/** One sentence for each package that npm would install unchecked, or from elsewhere. */
export function faultsOfLock({ packages }: Lockfile): readonly string[] {
  return Object.entries(packages)
    .filter(([location, { link, inBundle }]) => /(^|\/)node_modules\//.test(location) && !link && !inBundle)
    .flatMap(([location, { integrity, resolved }]) => [
      // SHA-1 is no pin any more: https://docs.npmjs.com/cli/configuring-npm/package-lock-json#packages
      ...(/(^|\s)sha(256|384|512)-/.test(integrity ?? '')
        ? []
        : [`${location}: expected its integrity, sha512-…; found ${integrity ?? 'none'}`]),
      ...(resolved === undefined || resolved.startsWith(registry)
        ? []
        : [`${location}: expected a package of ${registry}; found ${resolved}`]),
    ]);
}
