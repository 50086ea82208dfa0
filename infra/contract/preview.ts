// What the candidate's model would answer differently from the running one, on inputs that were recorded.
import { z } from 'zod';
import { canonicalJson, sha256 } from './canonical.ts';

export const previewSchema = 'trireme.preview/1';

/** One group of rows: all of them, those of one class, those of one slice. */
const group = z.strictObject({
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Rows whose label differs. */
  flips: z.int().nonnegative(),
  /** Mean of candidate's confidence minus running's, over rows whose label stays. */
  confidenceShift: z.number(),
});

export const predictionPreview = z.strictObject({
  schema: z.literal(previewSchema),
  running: z.string(),
  candidate: z.string(),
  /** Where the inputs come from: `held-out data`, `request records`. */
  inputs: z.string(),
  /** SHA-256 of the inputs. */
  inputsDigest: z.string(),
  total: group,
  perClass: z.array(group),
  perSlice: z.array(group),
  /** `running class → candidate class`, most frequent first. */
  flips: z.array(z.strictObject({ from: z.string(), to: z.string(), rows: z.int().positive() })),
  /** Where the true labels are known. */
  accuracy: z.strictObject({ running: z.number(), candidate: z.number() }).optional(),
  /** By the problem file's cost matrix, per 1,000 rows; only where labels and matrix are known. */
  cost: z.strictObject({ running: z.number(), candidate: z.number() }).optional(),
});
export type PredictionPreview = z.infer<typeof predictionPreview>;

export function previewHash(preview: PredictionPreview): string {
  return sha256(canonicalJson(preview));
}
