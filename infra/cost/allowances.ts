// What vendors give for nothing: once for each account and month, however many stacks share it.
import type { CostLine } from './lines.ts';

export interface AccountLines {
  /** Where it is charged: what shares one shares its allowances. */
  readonly account: string;
  readonly lines: readonly CostLine[];
}

/** @returns USD a month that come off the sum of all of them. */
export function givenForNothing(all: readonly AccountLines[]): number {
  const uses = new Map<string, { quantity: number; monthly: number; free: number }>();
  for (const { account, lines } of all) {
    for (const { price, quantity, monthly, free } of lines) {
      if (free === undefined) continue;
      const key = `${account} ${price}`;
      const known = uses.get(key) ?? { quantity: 0, monthly: 0, free };
      uses.set(key, { quantity: known.quantity + quantity, monthly: known.monthly + monthly, free });
    }
  }
  // Regions may differ in price: what is given is given of each alike.
  return [...uses.values()].reduce(
    (sum, { quantity, monthly, free }) => sum + monthly * Math.min(1, free / quantity),
    0,
  );
}
