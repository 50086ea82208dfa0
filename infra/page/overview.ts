// The first page: what waits, what runs now, every release on every stack, the way back, the delivery figures, what happened last.
import { backSection } from './back.ts';
import type { Book } from './book.ts';
import { environmentsSection } from './environments.ts';
import { figuresSection } from './figures.ts';
import { factTable, pager } from './history.ts';
import { type Html, html } from './html.ts';
import { matrix, releasesOnAPage } from './matrix.ts';
import type { Page } from './shell.ts';
import { waitingSection } from './waiting.ts';
import { listed } from './words.ts';

const lastFacts = 8;

function releasesFile(page: number): string {
  return page === 1 ? 'index.html' : `releases-${page}.html`;
}

export function overviewPages(book: Book): readonly { readonly file: string; readonly page: Page }[] {
  const { releases } = book.table;
  const pages = Math.max(1, Math.ceil(releases.length / releasesOnAPage));
  return Array.from({ length: pages }, (_, index) => {
    const number = index + 1;
    const rows = releases.slice(index * releasesOnAPage, number * releasesOnAPage);
    const turn = pager('Pages of releases', releasesFile, number, pages);
    const shown = html`<section aria-labelledby="releases"><h2 id="releases">Releases</h2>${matrix(book, rows)}${turn}</section>`;
    const first = number === 1;
    return {
      file: releasesFile(number),
      page: {
        title: first ? 'Releases' : `Releases, page ${number}`,
        under: 'index.html',
        content: first ? overview(book, shown) : html`<h1>Releases, page ${number}</h1>${shown}`,
      },
    };
  });
}

function overview(book: Book, releases: Html): Html {
  return html`<h1 class="unseen">Releases</h1>
${waitingSection(book)}
${environmentsSection(book)}
${releases}
${driftSection(book)}
${backSection(book)}
${figuresSection(book)}
<section aria-labelledby="last"><h2 id="last">What happened last</h2>
${factTable(book.facts.slice(-lastFacts).reverse())}
<p><a href="history.html">The whole history</a></p></section>`;
}

/** What somebody did past trireme is nowhere in the ledger; only the stacks' own outputs tell. */
function driftSection({ table, deployed }: Book): Html {
  const outside = table.environments
    .flatMap(({ stacks }) => stacks)
    .flatMap(({ stack, runs, outsideLedger }) =>
      outsideLedger === undefined
        ? []
        : [
            html`<li><b class="warn">${stack}</b>: the ledger says ${runs ?? 'nothing'}, its own outputs name ${outsideLedger}</li>`,
          ],
    );
  const read = Object.keys(deployed);
  const said =
    outside.length > 0
      ? html`<ul>${outside}</ul>`
      : read.length === 0
        ? html`<p class="quiet">The stacks' own outputs were not read for this page; <code>npx trireme status</code> reads them.</p>`
        : html`<p class="quiet">None: the outputs of ${listed(read)} name what the ledger says.</p>`;
  return html`<section aria-labelledby="drift"><h2 id="drift">Outside the ledger</h2>${said}</section>`;
}
