// Which rows are trained on and which are held out: by the seed alone, and for a classifier the same share of every class.

import { type Random, shuffled } from '../model/random.ts';
import type { Label } from '../model/schema.ts';

export interface Split<T> {
  readonly training: readonly T[];
  readonly heldOut: readonly T[];
}

/** @param stratify keep each label's share; no label is left without a row to train on. */
export function split<T extends { readonly label: Label }>(
  rows: readonly T[],
  share: number,
  stratify: boolean,
  random: Random,
): Split<T> {
  const mixed = shuffled(rows, random);
  const groups = Map.groupBy(mixed, (row) => (stratify ? row.label : ''));
  const heldOut = new Set<T>();
  for (const group of groups.values()) {
    const count = Math.min(group.length - 1, Math.max(1, Math.round(group.length * share)));
    for (const row of group.slice(0, count)) heldOut.add(row);
  }
  return { training: mixed.filter((row) => !heldOut.has(row)), heldOut: mixed.filter((row) => heldOut.has(row)) };
}
