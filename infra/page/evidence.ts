// The evidence: every check of a verification, what was expected, what was found, how long it took and where it was read.
import type { FactOf } from '../contract/fact.ts';
import { onStack } from '../ledger/index-of.ts';
import type { Book } from './book.ts';
import { type Html, html, link } from './html.ts';
import { table } from './shell.ts';
import { counted, duration, moment, outcomeSaid } from './words.ts';

/** Earlier verifications beyond so many are left to `trireme history`. */
const shownEarlier = 5;

export function evidenceOf(book: Book, release: string): readonly Html[] {
  return book.stacks.flatMap(({ stack }) => {
    const [newest, ...earlier] = book.index.verifications.get(onStack(stack.name, release)) ?? [];
    if (newest === undefined) return [];
    const older = earlier.slice(0, shownEarlier);
    return [
      html`<details id="${stack.name}"${newest.body.outcome !== 'passed' && html` open`}><summary>${stack.name}: ${outcomeSaid(newest.body.outcome)}, ${counted(newest.body.checks.length, 'check')}, ${moment(newest.at)}</summary>
${checkTable(newest)}
${older.length > 0 && html`<p>Before: ${older.map((one, index) => html`${index > 0 && '; '}${outcomeSaid(one.body.outcome)} ${moment(one.at)}`)}${earlier.length > older.length && ` and ${earlier.length - older.length} more`}</p>`}
</details>`,
    ];
  });
}

const wordy = (...names: readonly string[]) => names.map((name) => ({ name, kind: 'words' }));

function checkTable({ body, stack }: FactOf<'verification'>): Html {
  const rows = body.checks.map(({ name, outcome, expected, found, seconds, source }) => [
    name,
    outcomeSaid(outcome),
    expected,
    outcome === 'passed' && found === expected ? 'the same' : found,
    duration(seconds),
    link(source, source),
  ]);
  const columns = [
    'check',
    'outcome',
    ...wordy('expected', 'found'),
    { name: 'took', kind: 'number' },
    ...wordy('read from'),
  ];
  return rows.length === 0 ? html`<p>No check was made.</p>` : table(`Checks on ${stack}`, columns, rows);
}
