// The prediction preview in a few lines: how many labels flip, whether that is better, and where. Pure.
import type { FactOf } from '../contract/fact.ts';
import type { PredictionPreview, PreviewGroup } from '../contract/preview.ts';

const shownGroups = 4;
const shownFlips = 4;

/** What a promotion says about predictions, or why it can't; nothing where nobody asked. */
export function predictionLines({
  preview,
  previewDocument,
  noPreview,
}: Pick<FactOf<'promotion'>['body'], 'preview' | 'previewDocument' | 'noPreview'>): string[] {
  if (previewDocument !== undefined) return previewLines(previewDocument, preview);
  return noPreview === undefined ? [] : [`predictions: not compared: ${noPreview}`];
}

function previewLines(document: PredictionPreview, hash: string | undefined): string[] {
  const { total, inputs, model } = document;
  const bound = hash === undefined ? '' : `, preview ${hash.slice(0, 12)}`;
  const words = { 'held-out data': 'held-out rows', data: 'rows', 'request records': 'recorded requests' };
  return [
    `predictions of ${model}: ${total.rows} ${words[inputs]}, ${changeOf(document)}${bound}`,
    ...indented(verdicts(document)),
    ...indented(flipLines(document)),
    ...indented(groupLines(document)),
    ...indented(caveats(document)),
  ];
}

function changeOf({ task, total }: PredictionPreview): string {
  if (task === 'regression') {
    return `answers move by ${short(total.value?.meanChange ?? 0)} on average, by ${short(total.value?.largestChange ?? 0)} at most`;
  }
  const share = total.rows === 0 ? 0 : (100 * total.flips) / total.rows;
  return `${total.flips} ${total.flips === 1 ? 'label flips' : 'labels flip'} (${share.toFixed(1)} %)`;
}

function verdicts({ total, gained, lost, cost, shift }: PredictionPreview): string[] {
  const { accuracy, value } = total;
  const parts = [
    ...(accuracy === undefined ? [] : [`accuracy ${accuracy.running.toFixed(3)} → ${accuracy.candidate.toFixed(3)}`]),
    ...(value?.error === undefined ? [] : [`error ${short(value.error.running)} → ${short(value.error.candidate)}`]),
    ...(gained === undefined || lost === undefined ? [] : [`${gained} newly right, ${lost} newly wrong`]),
    ...(cost === undefined ? [] : [`cost per 1,000 rows ${short(cost.running)} → ${short(cost.candidate)}`]),
    ...(shift === undefined ? [] : [`confidence ${signed(total.confidenceShift)} on average`]),
  ];
  return parts.length === 0 ? [] : [parts.join('; ')];
}

function flipLines({ flips }: PredictionPreview): string[] {
  if (flips.length === 0) return [];
  const shown = flips.slice(0, shownFlips).map(({ from, to, rows }) => `${from} → ${to} (${rows})`);
  const more = flips.length > shownFlips ? ` and ${flips.length - shownFlips} more pairs` : '';
  return [`flips: ${shown.join(', ')}${more}`];
}

/** Where most flips are: the classes and slices that a person should look at first. */
function groupLines({ perClass, perSlice, classesBy }: PredictionPreview): string[] {
  const worst = (groups: readonly PreviewGroup[]) =>
    groups
      .filter(({ flips }) => flips > 0)
      .sort((a, b) => b.flips / b.rows - a.flips / a.rows)
      .slice(0, shownGroups)
      .map(({ name, flips, rows }) => `${name}: ${flips} of ${rows}`);
  const [classes, slices] = [worst(perClass), worst(perSlice)];
  return [
    ...(classes.length === 0
      ? []
      : [`by ${classesBy === 'running' ? 'class now' : 'true class'}: ${classes.join(', ')}`]),
    ...(slices.length === 0 ? [] : [`by slice: ${slices.join(', ')}`]),
  ];
}

/** What makes the comparison unfair is said beside it. */
function caveats({ trainedOn, unseen, refused, task }: PredictionPreview): string[] {
  const fair = unseen?.accuracy ?? unseen?.error;
  const onNew =
    unseen === undefined || fair === undefined
      ? 'no row is new to both'
      : `on the ${unseen.rows} new to both, ${task === 'regression' ? 'error' : 'accuracy'} ${fair.running.toFixed(3)} → ${fair.candidate.toFixed(3)}`;
  return [
    ...(trainedOn.running === null ? ['whether the running model was trained on these rows is not known'] : []),
    ...(trainedOn.running !== null && trainedOn.running > 0
      ? [`the running model was trained on ${trainedOn.running} of these rows, which flatters it; ${onNew}`]
      : []),
    ...(refused.running > 0 ? [`${refused.running} rows more that the running model can't take`] : []),
    ...(refused.candidate > 0 ? [`${refused.candidate} rows more that the candidate can't take`] : []),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function signed(value: number): string {
  const text = value.toFixed(3);
  return Number(text) === 0 ? '0.000' : value > 0 ? `+${text}` : text;
}
