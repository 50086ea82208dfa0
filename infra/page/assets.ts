// The files that stand beside the pages, the same for every ledger.
import { readFile } from 'node:fs/promises';

const names = ['style.css', 'page.js', 'icon.svg'] as const;

export async function assets(): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(new URL(`./assets/${name}`, import.meta.url), 'utf8')] as const),
  );
  return new Map(texts);
}
