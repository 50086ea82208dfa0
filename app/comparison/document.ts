// What comes out of comparing two models on the same rows: the document that a release manager is shown before a promotion.

export const previewSchema = 'trireme.preview/1';

export interface Both {
  readonly running: number;
  readonly candidate: number;
}

/** Some of the rows: all of them, those of one class, those of one slice. */
export interface Group {
  readonly name: string;
  readonly rows: number;
  /** Rows whose label differs; 0 for a regression. */
  readonly flips: number;
  /** Mean of the candidate's confidence minus the running model's, over rows whose label stays; 0 where none does. */
  readonly confidenceShift: number;
  /** Where the true labels are known: the share of rows answered rightly. */
  readonly accuracy?: Both;
  /** A regression: by how much the answer moves, and the root mean squared error where the truth is known. */
  readonly value?: { readonly meanChange: number; readonly largestChange: number; readonly error?: Both };
}

export type Inputs = 'held-out data' | 'data' | 'request records';

export interface Preview {
  readonly schema: typeof previewSchema;
  /** The candidate's name. */
  readonly model: string;
  readonly task: 'classification' | 'regression';
  /** Digests of the two artifacts. */
  readonly running: string;
  readonly candidate: string;
  readonly inputs: Inputs;
  /** SHA-256 of the file they were read from. */
  readonly inputsDigest: string;
  /** How many of the compared rows each model was trained on; `null` where nobody recorded it. */
  readonly trainedOn: { readonly running: number | null; readonly candidate: number | null };
  /** Rows that a model can't take: not compared. */
  readonly refused: Both;
  readonly total: Group;
  /** By the true label where it is known, by the running model's answer otherwise. */
  readonly classesBy: 'true label' | 'running';
  readonly perClass: readonly Group[];
  readonly perSlice: readonly Group[];
  /** Most frequent first. */
  readonly flips: readonly { readonly from: string; readonly to: string; readonly rows: number }[];
  /** Quantiles of the confidence shift over rows whose label stays. */
  readonly shift?: { readonly p5: number; readonly p50: number; readonly p95: number };
  /** Where the true labels are known: rows that only the candidate answers rightly, and rows that only the running model does. */
  readonly gained?: number;
  readonly lost?: number;
  /** The rows that neither model was trained on. */
  readonly unseen?: { readonly rows: number; readonly accuracy?: Both; readonly error?: Both };
  /** By the problem file's cost matrix, per 1,000 rows. */
  readonly cost?: Both;
}
