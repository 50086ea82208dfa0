/** A figure, what it must be, and whether it is. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most. */
  readonly must?: number;
  /** At least. */
  readonly least?: number;
}

/** In words, and whether it holds; `undefined` when nothing is asked of it. */
export function verdictOf({
  value,
  must,
  least,
}: Figure): { readonly holds: boolean; readonly asked: string } | undefined {
  if (must !== undefined) return { holds: value <= must, asked: `≤ ${must}` };
  if (least !== undefined) return { holds: value >= least, asked: `≥ ${least}` };
  return undefined;
}
