// What every page has around its content: head, policy of what may load, navigation, and how old what it says is.
import type { Book } from './book.ts';
import { type Html, html, type Part } from './html.ts';
import { counted, moment } from './words.ts';

/** Nothing from elsewhere, no inline script or style, nothing that acts. `frame-ancestors` counts in a header only: `serve` sends it. */
export const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'";

export interface Page {
  readonly title: string;
  /** The file of the navigation that this page belongs to. */
  readonly under: string;
  readonly content: Part;
}

const navigation = [
  ['index.html', 'Overview'],
  ['history.html', 'History'],
  ['compare.html', 'Compare'],
] as const;

export function pageText(book: Book, { title, under, content }: Page): string {
  const { facts, nowMs, ledger } = book;
  const head = facts.at(-1);
  return html`<!doctype html>
<html lang="en" data-chain="${head?.chain}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy}">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title} · trireme</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
<script src="page.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
<a class="brand" href="index.html"><img src="icon.svg" alt="" width="28" height="28">trireme</a>
<nav aria-label="Pages">${navigation.map(([file, name]) => navigated(file, name, under))}</nav>
<p class="age">As of ${moment(new Date(nowMs).toISOString())}</p>
</header>
<p class="stale" id="stale" role="status" hidden></p>
<main id="content" tabindex="-1">
${content}
</main>
<footer>
<p>Ledger head ${headOf(book)}. ${ledger}.</p>
<p>This page acts on nothing: the command line and GitHub do. All times are UTC.</p>
</footer>
</body>
</html>
`.text;
}

function navigated(file: string, name: string, under: string): Html {
  return file === under ? html`<a href="${file}" aria-current="page">${name}</a>` : html`<a href="${file}">${name}</a>`;
}

/** The ledger's reader recomputes every id, link and chain; facts that come here held. */
export function headOf({ facts }: Pick<Book, 'facts'>): Html {
  const head = facts.at(-1);
  if (head === undefined) return html`none yet: the ledger is empty`;
  return html`<code class="digest" title="${head.chain}">${head.chain.slice(0, 12)}</code>, ${counted(facts.length, 'fact')}, <b class="good">chain intact to ${facts.length}</b>`;
}

export interface Column {
  readonly name: string;
  /** A class for its cells. */
  readonly kind?: string;
}

/** A table that becomes one card for each row where there is no room; the roles keep it a table there. */
export function table(
  caption: Part,
  columns: readonly (string | Column)[],
  rows: readonly (readonly Part[])[],
  look: '' | 'bare' = '',
): Html {
  const heads = columns.map((one): Column => (typeof one === 'string' ? { name: one } : one));
  return html`<table class="cards ${look}" role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${heads.map(({ name }) => html`<th scope="col" role="columnheader">${name}</th>`)}</tr></thead><tbody role="rowgroup">
${rows.map((cells) => html`<tr role="row">${cells.map((cell, index) => dataCell(cell, heads[index]))}</tr>\n`)}</tbody></table>`;
}

function dataCell(cell: Part, column: Column | undefined): Html {
  const kind = column?.kind === undefined ? undefined : html` class="${column.kind}"`;
  return html`<td role="cell"${kind} data-name="${column?.name}">${cell}</td>`;
}

/** Terms and what they are; a pair without a value is left out. */
export function pairs(entries: readonly (readonly [string, Part] | undefined)[]): Html {
  return html`<dl>${entries.map((entry) => entry !== undefined && html`<div><dt>${entry[0]}</dt><dd>${entry[1]}</dd></div>`)}</dl>`;
}
