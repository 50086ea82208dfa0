// The matrix: releases down, newest first, stacks across; each cell says in words how that release fares there.
import type { StatusTable } from '../delivery/status.ts';
import { onStack } from '../ledger/index-of.ts';
import { type Book, brokenGlass, holdOf } from './book.ts';
import { type Html, html } from './html.ts';
import { releaseFile, releaseName, shortMoment, stateOf } from './words.ts';

/** What one page holds: a hundred releases on six stacks stay under 30 kB, compressed. */
export const releasesOnAPage = 100;

export function matrix(book: Book, rows: StatusTable['releases']): Html {
  const stacks = book.table.environments.flatMap((one) => one.stacks.map(({ stack }) => stack));
  if (rows.length === 0) return html`<p class="quiet">No release was made yet.</p>`;
  return html`<table class="matrix" role="table"><caption>Every release on every stack, newest first. Times are UTC.</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">release</th>${stacks.map((stack) => html`<th scope="col" role="columnheader">${stack}</th>`)}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => matrixRow(book, stacks, row))}</tbody></table>`;
}

function matrixRow(book: Book, stacks: readonly string[], row: StatusTable['releases'][number]): Html {
  const { release, commit, madeAt } = row;
  const hold = holdOf(book, release);
  return html`<tr role="row"><th scope="row" role="rowheader"><a href="${releaseFile(release)}">${releaseName(release)}</a>${hold !== undefined && html` <b class="bad">held</b>`}<br><small>${commit.slice(0, 7)}, ${shortMoment(madeAt)}</small></th>${stacks.map((stack) => matrixCell(book, stack, release))}</tr>
`;
}

function matrixCell(book: Book, stack: string, release: string): Html {
  const cell = book.cells.get(onStack(stack, release));
  if (cell === undefined) return html`<td role="cell" data-name="${stack}" class="none">–</td>`;
  const last = book.index.tries.get(onStack(stack, release))?.[0];
  const checks = book.index.verifications.get(onStack(stack, release))?.[0]?.body.checks ?? [];
  const passed = checks.filter(({ outcome }) => outcome === 'passed').length;
  const glass = last !== undefined && brokenGlass(book, release, last.environment) !== undefined;
  const bad = passed < checks.length;
  return html`<td role="cell" data-name="${stack}"${cell.live && html` class="live"`}>${stateOf(cell.state, cell.live)}<small>${last !== undefined && shortMoment(last.at)}${checks.length > 0 && html`<br>${bad ? html`<b class="bad">${passed}/${checks.length} checks</b>` : `${passed}/${checks.length} checks`}`}${cell.approvedBy !== null && html`<br>by ${cell.approvedBy}`}</small>${glass && html`<b class="bad">break-glass</b>`}</td>`;
}
