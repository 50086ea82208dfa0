// The whole site as files by name. Pure: the same ledger at the same time gives the same bytes.
import { openBook, type PageInput } from './book.ts';
import { comparePage } from './compare.ts';
import { historyPages } from './history.ts';
import { overviewPages } from './overview.ts';
import { releasePage } from './release.ts';
import { type Page, pageText } from './shell.ts';
import { releaseFile } from './words.ts';

/** Pages by file name; the style sheet, the script and the icon stand beside them (`assets`). */
export function renderSite(input: PageInput): ReadonlyMap<string, string> {
  const book = openBook(input);
  const { releases } = book.index;
  const pages: readonly { readonly file: string; readonly page: Page }[] = [
    ...overviewPages(book),
    ...historyPages(book),
    { file: 'compare.html', page: comparePage(book) },
    ...releases.map((made, index) => ({
      file: releaseFile(made.release),
      page: releasePage(book, made, releases[index + 1]),
    })),
  ];
  return new Map([
    ...pages.map(({ file, page }) => [file, pageText(book, page)] as const),
    ['head.json', headDocument(input)],
  ]);
}

/** What a page that is open asks for, to say when the ledger has moved on. */
export function headDocument({ facts }: Pick<PageInput, 'facts'>): string {
  return `${JSON.stringify({ facts: facts.length, chain: facts.at(-1)?.chain ?? null })}\n`;
}
