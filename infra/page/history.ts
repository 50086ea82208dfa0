// What happened, newest first: who did what, why, and the ledger hash that holds it.
import type { Fact } from '../contract/fact.ts';
import { factInWords } from '../delivery/history.ts';
import type { Book } from './book.ts';
import { type Html, html } from './html.ts';
import { headOf, type Page, table } from './shell.ts';
import { counted, digest, moment } from './words.ts';

export const factsOnAPage = 200;

export function historyFile(page: number): string {
  return page === 1 ? 'history.html' : `history-${page}.html`;
}

export function historyPages(book: Book): readonly { readonly file: string; readonly page: Page }[] {
  const newest = [...book.facts].reverse();
  const pages = Math.max(1, Math.ceil(newest.length / factsOnAPage));
  return Array.from({ length: pages }, (_, index) => {
    const number = index + 1;
    const facts = newest.slice(index * factsOnAPage, number * factsOnAPage);
    const content = html`<h1>History</h1>
<p class="lead">${counted(book.facts.length, 'fact')}, newest first. Ledger head ${headOf(book)}.</p>
${factTable(facts)}
${pager('Pages of the history', historyFile, number, pages)}`;
    return { file: historyFile(number), page: { title: `History ${number}`, under: 'history.html', content } };
  });
}

/** @param facts in the order they are shown. */
export function factTable(facts: readonly Fact[]): Html {
  const rows = facts.map((fact) => [
    moment(fact.at),
    html`${fact.actor.login} <small>via ${fact.actor.via}</small>`,
    fact.kind,
    loud(fact) ? html`<b class="bad">${factInWords(fact)}</b>` : factInWords(fact),
    digest(fact.chain),
  ]);
  return table(
    'What happened',
    ['when', 'who', 'what', { name: 'in words', kind: 'words' }, 'ledger hash'],
    rows,
    'bare',
  );
}

function loud(fact: Fact): boolean {
  return fact.kind === 'approval' && fact.body.breakGlass !== undefined;
}

/** Plain links to every page near this one, and to both ends. */
export function pager(
  name: string,
  fileOf: (page: number) => string,
  current: number,
  pages: number,
): Html | undefined {
  if (pages < 2) return undefined;
  const near = Array.from({ length: pages }, (_, index) => index + 1).filter(
    (page) => page === 1 || page === pages || Math.abs(page - current) <= 2,
  );
  return html`<nav class="pager" aria-label="${name}">${near.map((page) =>
    page === current
      ? html`<a href="${fileOf(page)}" aria-current="page">${page}</a>`
      : html`<a href="${fileOf(page)}" aria-label="Page ${page}">${page}</a>`,
  )}</nav>`;
}
