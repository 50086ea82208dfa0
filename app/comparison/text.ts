// A comparison as a table for people. Pure.
import type { Both, Group, Preview } from './document.ts';

export function previewText(preview: Preview): string {
  const { model, running, candidate, total, perClass, perSlice, flips, classesBy } = preview;
  const groups = [
    total,
    ...perClass.map((group) => ({ ...group, name: `${classesBy === 'running' ? 'now' : 'truly'} ${group.name}` })),
    ...perSlice,
  ];
  return [
    `${model}: ${short(running)} → ${short(candidate)}`,
    rowsLine(preview),
    '',
    table(preview.task === 'regression' ? valueTable(groups) : labelTable(groups)),
    ...(flips.length === 0
      ? []
      : ['', 'labels that flip:', ...flips.map(({ from, to, rows }) => `  ${from} → ${to}  ${rows}`)]),
    ...summaryLines(preview),
  ].join('\n');
}

function rowsLine({ total, inputs, trainedOn, refused }: Preview): string {
  const words = {
    'held-out data': 'rows that the candidate was not trained on',
    data: 'rows',
    'request records': 'recorded requests',
  };
  const seen =
    trainedOn.running === null
      ? 'unknown is whether the running model was trained on them'
      : `the running model was trained on ${trainedOn.running} of them`;
  const left =
    refused.running + refused.candidate === 0
      ? ''
      : `; not taken: ${refused.running} by the running model, ${refused.candidate} by the candidate`;
  return `${total.rows} ${words[inputs]}; ${seen}${left}`;
}

function labelTable(groups: readonly Group[]): string[][] {
  const isJudged = groups.some(({ accuracy }) => accuracy !== undefined);
  return [
    ['rows', 'count', 'flips', 'confidence', ...(isJudged ? ['accuracy'] : [])],
    ...groups.map(({ name, rows, flips, confidenceShift, accuracy }) => [
      name,
      String(rows),
      String(flips),
      signed(confidenceShift),
      ...(isJudged ? [change(accuracy, 3)] : []),
    ]),
  ];
}

function valueTable(groups: readonly Group[]): string[][] {
  return [
    ['rows', 'count', 'mean change', 'largest', 'error'],
    ...groups.map(({ name, rows, value }) => [
      name,
      String(rows),
      signed(value?.meanChange ?? 0),
      String(Number((value?.largestChange ?? 0).toPrecision(4))),
      change(value?.error, 4),
    ]),
  ];
}

function summaryLines({ gained, lost, unseen, cost, shift }: Preview): string[] {
  const lines: string[] = [];
  if (shift !== undefined)
    lines.push(
      `confidence moves by ${signed(shift.p5)} (5 %), ${signed(shift.p50)} (median), ${signed(shift.p95)} (95 %)`,
    );
  if (gained !== undefined) lines.push(`newly right: ${gained}, newly wrong: ${lost}`);
  const fair = unseen?.accuracy ?? unseen?.error;
  if (unseen !== undefined) {
    lines.push(
      fair === undefined
        ? 'no row is new to both models'
        : `on ${unseen.rows} rows new to both models: ${unseen.accuracy === undefined ? 'error' : 'accuracy'} ${change(fair, 3)}`,
    );
  }
  if (cost !== undefined) lines.push(`cost per 1,000 rows: ${change(cost, 1)}`);
  return lines.length === 0 ? [] : ['', ...lines];
}

function change(both: Both | undefined, digits: number): string {
  return both === undefined ? '-' : `${both.running.toFixed(digits)} → ${both.candidate.toFixed(digits)}`;
}

function signed(value: number): string {
  const text = value.toFixed(3);
  return Number(text) === 0 ? '0.000' : value > 0 ? `+${text}` : text;
}

function short(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
