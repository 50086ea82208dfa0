// Any two releases side by side, without a script: mark them, and the style sheet leaves only those.
import type { FactOf } from '../contract/fact.ts';
import type { Book } from './book.ts';
import { partsOf } from './change.ts';
import { type Html, html } from './html.ts';
import type { Page } from './shell.ts';
import { listed, releaseLink, shortRelease } from './words.ts';

/** Older ones are on their own pages, each with what it changed. */
export const comparedReleases = 100;

export function comparePage({ index }: Pick<Book, 'index'>): Page {
  const shown = index.releases.slice(0, comparedReleases);
  const values = shown.map(({ body }) => partsOf(body.manifest));
  const all = [...new Set(values.flatMap((one) => [...one.keys()]))];
  const differing = all.filter((part) => new Set(values.map((one) => one.get(part))).size > 1);
  const same = all.filter((part) => !differing.includes(part));
  const content = html`<h1>Compare</h1>
<p class="lead">What each release is made of. A value in bold is another than in the release made before it. Mark two and show only those.</p>
${same.length > 0 && html`<p class="quiet">The same in all of them: ${listed(same)}.</p>`}
${shown.length === 0 ? html`<p class="quiet">No release was made yet.</p>` : comparison(shown, differing)}`;
  return { title: 'Compare', under: 'compare.html', content };
}

function comparison(shown: readonly FactOf<'release'>[], parts: readonly string[]): Html {
  const values = shown.map(({ body }) => partsOf(body.manifest));
  return html`<p class="only"><input type="checkbox" id="only"> <label for="only">Show only the marked</label></p>
<div class="wide" role="region" aria-label="Releases compared" tabindex="0"><table class="cards compare" role="table"><caption>The parts of every release, newest first</caption><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">mark</th><th scope="col" role="columnheader">release</th>${parts.map((part) => html`<th scope="col" role="columnheader">${part}</th>`)}</tr></thead><tbody role="rowgroup">
${shown.map(({ release }, row) => {
  const own = values[row];
  const before = values[row + 1];
  return html`<tr role="row"><td role="cell" data-name="mark"><input type="checkbox" aria-label="Mark ${shortRelease(release)}"></td><th scope="row" role="rowheader">${releaseLink(release)}</th>${parts.map((part) => partCell(part, own?.get(part), before === undefined ? own?.get(part) : before.get(part)))}</tr>\n`;
})}</tbody></table></div>`;
}

function partCell(part: string, value: string | undefined, before: string | undefined): Html {
  const shown = value === undefined ? '–' : /^(sha256:)?[0-9a-f]{40,}$/.test(value) ? short(value) : value;
  return html`<td role="cell" data-name="${part}">${value === before ? shown : html`<b>${shown}</b>`}</td>`;
}

function short(value: string): Html {
  return html`<code title="${value}">${value.replace(/^sha256:/, '').slice(0, 7)}</code>`;
}
