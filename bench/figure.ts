// One line of what `npm run bench` says.

/** A figure, what it must be, and whether it is. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most. */
  readonly must?: number;
  /** At least. */
  readonly least?: number;
  /** What it should become, in the direction of `must` or `least`. */
  readonly aim?: number;
}

/** One that this machine could not measure: said aloud, because a missing line would look like a passed one. */
export interface NotRun {
  readonly name: string;
  readonly notRun: string;
}
export type Figure = Measured | NotRun;

/** In words, and whether it holds; `undefined` when nothing is asked of it. */
export function verdictOf(
  figure: Figure,
): { readonly holds: boolean; readonly asked: string; readonly reached?: boolean; readonly aim?: string } | undefined {
  if ('notRun' in figure) return undefined;
  const { value, must, least, aim } = figure;
  if (must === undefined && least === undefined) return undefined;
  const [sign, bound] = must === undefined ? (['≥', least ?? 0] as const) : (['≤', must] as const);
  const isWithin = (limit: number) => (sign === '≥' ? value >= limit : value <= limit);
  const asked = { holds: isWithin(bound), asked: `${sign} ${bound}` };
  return aim === undefined ? asked : { ...asked, reached: isWithin(aim), aim: `${sign} ${aim}` };
}

/** As a line of a table. */
export function lineOf(figure: Figure): string {
  const name = figure.name.padEnd(66);
  if ('notRun' in figure) return `${name} not run: ${figure.notRun}`;
  const verdict = verdictOf(figure);
  const aim = verdict?.aim === undefined ? '' : `, aim ${verdict.aim}: ${verdict.reached ? 'yes' : 'not yet'}`;
  const said = verdict === undefined ? '' : `  must be ${verdict.asked}: ${verdict.holds ? 'yes' : 'NO'}${aim}`;
  return `${name} ${figure.value.toFixed(2).padStart(8)} ${figure.unit}${said}`;
}
