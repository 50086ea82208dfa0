// What the candidate's model would answer differently, as the approver is shown it.
import type { FactOf } from '../contract/fact.ts';
import type { PredictionPreview, PreviewGroup } from '../contract/preview.ts';
import { type Html, html } from './html.ts';
import { type Column, pairs, table } from './shell.ts';
import { counted, digest } from './words.ts';

/** @param body of the promotion as it was prepared: the document itself is in it. */
export function predictionPart({
  preview: hash,
  previewDocument: preview,
  noPreview,
}: FactOf<'promotion'>['body']): Html | undefined {
  if (noPreview !== undefined) return html`<p><b>No prediction preview:</b> ${noPreview}</p>`;
  if (hash === undefined) return undefined;
  if (preview === undefined) return html`<p>Prediction preview ${digest(hash)}, bound into the approval.</p>`;
  const { total, unseen } = preview;
  return html`<details><summary>Predictions of ${preview.model}: ${flipsInWords(preview)}</summary>
${pairs([
  ['Replayed', `${counted(total.rows, 'row')} of ${preview.inputs}`],
  ['Preview', html`${digest(hash)}, bound into the approval; inputs ${digest(preview.inputsDigest)}`],
  ['Models', html`running ${digest(preview.running)} → candidate ${digest(preview.candidate)}`],
  total.accuracy && ['Accuracy', fromTo(total.accuracy, percent)],
  unseen?.accuracy && ['On rows neither was trained on', html`${fromTo(unseen.accuracy, percent)} of ${unseen.rows}`],
  unseen?.error && ['Error on rows neither was trained on', fromTo(unseen.error, (value) => value.toPrecision(3))],
  preview.gained === undefined
    ? undefined
    : ['Right only now / only before', `${preview.gained} / ${preview.lost ?? 0} rows`],
  preview.cost && ['Cost for 1,000 rows', fromTo(preview.cost, (value) => value.toFixed(2))],
  preview.shift && ['Confidence shift, 5 % to 95 %', `${signed(preview.shift.p5)} to ${signed(preview.shift.p95)}`],
  refusedInWords(preview),
])}
${preview.flips.length > 0 && flipTable(preview)}
${groupTable(`By class (${preview.classesBy === 'running' ? "the running model's answer" : 'true label'})`, preview.perClass)}
${groupTable('By slice', preview.perSlice)}
</details>`;
}

/** `12 of 1,000 labels flip (1.2 %)`; for a regression, how far its answers move. */
export function flipsInWords({ total, task }: Pick<PredictionPreview, 'total' | 'task'>): string {
  if (total.rows === 0) return 'no row to compare';
  if (task === 'regression')
    return `answers move by ${signed(total.value?.meanChange ?? 0)} on average over ${counted(total.rows, 'row')}`;
  if (total.flips === 0) return `no label flips on ${counted(total.rows, 'row')}`;
  return `${total.flips.toLocaleString('en')} of ${total.rows.toLocaleString('en')} labels flip (${percent(total.flips / total.rows)})`;
}

function flipTable({ flips }: PredictionPreview): Html {
  const rows = flips.map(({ from, to, rows: count }) => [html`<code>${from}</code>`, html`<code>${to}</code>`, count]);
  return table('Labels that flip', ['from', 'to', { name: 'rows', kind: 'number' }], rows);
}

function groupTable(caption: string, groups: readonly PreviewGroup[]): Html | undefined {
  if (groups.length === 0) return undefined;
  const columns: readonly Column[] = ['group', 'rows', 'flips', 'confidence', 'accuracy'].map((name, index) =>
    index === 0 ? { name } : { name, kind: 'number' },
  );
  const rows = groups.map(({ name, rows: count, flips, confidenceShift, accuracy }) => [
    html`<code>${name}</code>`,
    count,
    flips,
    signed(confidenceShift),
    accuracy === undefined ? 'not known' : fromTo(accuracy, percent),
  ]);
  return table(caption, columns, rows);
}

function refusedInWords({ refused }: PredictionPreview): readonly [string, string] | undefined {
  if (refused.running + refused.candidate === 0) return undefined;
  return ['Rows that a model refused', `running ${refused.running}, candidate ${refused.candidate}; not compared`];
}

function fromTo({ running, candidate }: { running: number; candidate: number }, say: (value: number) => string): Html {
  return html`${say(running)} → <b>${say(candidate)}</b>`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(2)}`;
}
