// Puts a site into a folder: new files beside old ones, then the pages of releases and facts that are no more are removed.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import { assets } from './assets.ts';
import type { PageInput } from './book.ts';
import { renderSite } from './site.ts';

/** Lists the files that were written, so that the next time only those are replaced and nobody's own file is lost. */
const listName = '.trireme-page.json';

/** @returns how many files it has. @throws DeliveryError as `writeSite`. */
export async function writePage(directory: string, input: PageInput): Promise<number> {
  // GitHub Pages would otherwise run the files through a generator of its own.
  const files = new Map([...renderSite(input), ...(await assets()), ['.nojekyll', '']]);
  await writeSite(directory, files);
  return files.size;
}

/** @throws DeliveryError `state-unwritable`; `refused` for a folder that holds something else. */
export async function writeSite(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    const before = await writtenBefore(directory);
    for (const [name, text] of files) {
      // A reader meets the old page or the new one, never half of it.
      const temporary = join(directory, `.${name}.new`);
      await writeFile(temporary, text);
      await rename(temporary, join(directory, name));
    }
    await writeFile(join(directory, listName), `${JSON.stringify([...files.keys()])}\n`);
    for (const name of before.filter((one) => !files.has(one))) await rm(join(directory, name), { force: true });
  } catch (cause) {
    if (cause instanceof DeliveryError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('state-unwritable', `expected to write the page into ${directory}; found ${why}`, {
      cause,
    });
  }
}

async function writtenBefore(directory: string): Promise<readonly string[]> {
  const list = await readFile(join(directory, listName), 'utf8').catch(() => undefined);
  if (list !== undefined) {
    const names: unknown = JSON.parse(list);
    const plain = (name: unknown): name is string =>
      typeof name === 'string' && /^\.?[\w-][\w.-]*$/.test(name) && name !== '.git';
    return Array.isArray(names) ? names.filter(plain) : [];
  }
  const there = (await readdir(directory)).filter((name) => name !== '.git');
  if (there.length === 0) return [];
  throw new DeliveryError(
    'refused',
    `expected ${directory} to be empty or an earlier release page; found ${there[0]}`,
    {
      hint: 'name a folder of its own',
    },
  );
}
