// `training-rows.bin`: a fingerprint of every row a model was trained on, so that anyone who holds a row can tell whether the model has
// seen it. It outlives the data file, its order and the seed: what is not in it was held out.
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from './errors.ts';
import type { FeatureRecord } from './features.ts';
import type { Label, Model } from './schema.ts';

export const trainingRowsFile = 'training-rows.bin';

/** Of a SHA-256: with a million rows trained on, one in 280 million others passes for one of them. */
const bytesEach = 6;
type Columns = Model['data']['schema'];

/** One column's part of a fingerprint: as text, a number as JavaScript writes it, so that `12.0` and `12` are one value. */
export function printedCell(value: Label | undefined): string {
  return value === undefined ? '' : String(value);
}

/** @param cells in the order of the model's `data.schema`, each as `printedCell` writes it. */
export function fingerprintOf(cells: readonly string[]): number {
  return hash('sha256', cells.join('\0'), 'buffer').readUIntBE(0, bytesEach);
}

/** Sorted: the file tells nothing of the order. */
export function trainingRowsOf(
  columns: Columns,
  rows: readonly { readonly record: FeatureRecord; readonly label: Label }[],
): Uint8Array {
  const prints = rows.map(({ record, label }) =>
    fingerprintOf(
      columns.map(({ column, kind }) => printedCell(kind === 'label' ? label : (record[column] as Label | undefined))),
    ),
  );
  const bytes = Buffer.alloc(prints.length * bytesEach);
  for (const [index, print] of prints.sort((a, b) => a - b).entries()) {
    bytes.writeUIntBE(print, index * bytesEach, bytesEach);
  }
  return bytes;
}

/** @returns `undefined` for a model that came without the list, an imported one say. @throws AppError `artifact-damaged`. */
export async function readTrainingRows(directory: string): Promise<ReadonlySet<number> | undefined> {
  const bytes = await readFile(path.join(directory, trainingRowsFile)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  if (bytes.length % bytesEach !== 0) {
    throw new AppError(
      'artifact-damaged',
      `${trainingRowsFile}: expected ${bytesEach} bytes for each row, found ${bytes.length} bytes`,
    );
  }
  const prints = new Set<number>();
  for (let at = 0; at < bytes.length; at += bytesEach) prints.add(bytes.readUIntBE(at, bytesEach));
  return prints;
}
