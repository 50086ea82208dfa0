// What a candidate model would answer differently from the running one, on recorded inputs: read before an approval, and bound into it.
import { z } from 'zod';
import { canonicalJson, sha256 } from './canonical.ts';

export const previewSchema = 'trireme.preview/1';

const both = z.strictObject({ running: z.number(), candidate: z.number() });
const rowsOfBoth = z.strictObject({
  running: z.int().nonnegative().nullable(),
  candidate: z.int().nonnegative().nullable(),
});

/** One group of rows: all of them, those of one class, those of one slice. */
const group = z.strictObject({
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Rows whose label differs; 0 for a regression. */
  flips: z.int().nonnegative(),
  /** Mean of the candidate's confidence minus the running model's, over rows whose label stays; 0 where none does. */
  confidenceShift: z.number(),
  /** Where the true labels are known: the share of rows answered rightly. */
  accuracy: both.optional(),
  /** A regression: by how much the answer moves, and the root mean squared error where the truth is known. */
  value: z.strictObject({ meanChange: z.number(), largestChange: z.number(), error: both.optional() }).optional(),
});
export type PreviewGroup = z.infer<typeof group>;

export const predictionPreview = z.strictObject({
  schema: z.literal(previewSchema),
  /** The model's name. */
  model: z.string(),
  task: z.enum(['classification', 'regression']),
  /** Digests of the two model artifacts. */
  running: z.string(),
  candidate: z.string(),
  /** Where the rows come from. `data`: nobody recorded which rows the candidate was trained on, so all of them are taken. */
  inputs: z.enum(['held-out data', 'data', 'request records']),
  /** SHA-256 of the file they were read from. */
  inputsDigest: z.string(),
  /** How many of the compared rows each model was trained on: there its answers look better than they are. `null` where nobody recorded it. */
  trainedOn: rowsOfBoth,
  /** Rows that a model can't take, such as an unknown category: not compared. */
  refused: z.strictObject({ running: z.int().nonnegative(), candidate: z.int().nonnegative() }),
  total: group,
  /** By the true label where it is known, by the running model's answer otherwise. */
  classesBy: z.enum(['true label', 'running']),
  perClass: z.array(group),
  perSlice: z.array(group),
  /** `running class → candidate class`, most frequent first. */
  flips: z.array(z.strictObject({ from: z.string(), to: z.string(), rows: z.int().positive() })),
  /** Quantiles of the confidence shift over rows whose label stays; absent where none does, and for a regression. */
  shift: z.strictObject({ p5: z.number(), p50: z.number(), p95: z.number() }).optional(),
  /** Where the true labels are known: rows that only the candidate answers rightly, and rows that only the running model does. */
  gained: z.int().nonnegative().optional(),
  lost: z.int().nonnegative().optional(),
  /** The fair comparison: the rows that neither model was trained on. Absent where labels are unknown, or nobody recorded it. */
  unseen: z.strictObject({ rows: z.int().nonnegative(), accuracy: both.optional(), error: both.optional() }).optional(),
  /** By the problem file's cost matrix, per 1,000 rows; only where labels and matrix are known. */
  cost: both.optional(),
});
export type PredictionPreview = z.infer<typeof predictionPreview>;

/** A preview, or why there is none. */
export type PreviewResult = { readonly preview: PredictionPreview } | { readonly none: string };

export function previewHash(preview: PredictionPreview): string {
  return sha256(canonicalJson(preview));
}
