// Two model artifacts and a file of rows: what would change if one took the other's place.
import { assertComparable, classesOf, openContestant } from './contestant.ts';
import { replayCsv } from './csv.ts';
import { type Preview, previewSchema } from './document.ts';
import { replayRecords } from './records.ts';
import { createReplay } from './replay.ts';
import type { SliceRule } from './slices.ts';
import { type CostMatrix, summarise } from './summary.ts';

export interface Comparison {
  /** Folders of the two artifacts. */
  readonly running: string;
  readonly candidate: string;
  readonly rows: { readonly kind: 'csv' | 'records'; readonly file: string };
  readonly slices: readonly SliceRule[];
  readonly cost?: CostMatrix | undefined;
  readonly limit?: number | undefined;
}

/** The same files give the same document. @throws AppError whose message names the model, column or line. */
export async function compareModels({ rows, slices, cost, limit, ...folders }: Comparison): Promise<Preview> {
  const [running, candidate] = await Promise.all([
    openContestant('running', folders.running),
    openContestant('candidate', folders.candidate),
  ]);
  assertComparable(running, candidate);
  const replay = createReplay(running, candidate, slices);
  const options = { running, candidate, rules: slices, limit: limit ?? Number.POSITIVE_INFINITY };
  const read = await (rows.kind === 'csv' ? replayCsv : replayRecords)(rows.file, options, replay);
  const { compared, refused } = replay.finish();
  return {
    schema: previewSchema,
    model: candidate.model.name,
    running: running.digest,
    candidate: candidate.digest,
    ...read,
    refused,
    ...summarise(compared, [...classesOf(running), ...classesOf(candidate)], cost),
  };
}
