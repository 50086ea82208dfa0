// Which Pulumi program a release was made with: one digest over its files.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, type Digest, digestOf } from '../contract/canonical.ts';

/** What the Pulumi program is made of; the lockfile, which is in the manifest already, names its packages. */
const programParts = [
  'infra/clouds',
  'infra/contract',
  'infra/config.ts',
  'infra/index.ts',
  'infra/program.ts',
  'infra/package.json',
];

export async function programDigest(checkout: string): Promise<Digest> {
  const paths = (await Promise.all(programParts.map((part) => filesBelow(checkout, part)))).flat().sort();
  const files = await Promise.all(
    paths.map(async (path) => ({ path, digest: digestOf(await readFile(join(checkout, path))) })),
  );
  return digestOf(canonicalJson(files));
}

async function filesBelow(checkout: string, part: string): Promise<string[]> {
  if (/\.(ts|json)$/.test(part)) return [part];
  const entries = await readdir(join(checkout, part), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(checkout.length + 1));
}
