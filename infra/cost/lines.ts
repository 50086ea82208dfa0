// An estimate's lines: so many units at such a price make so much a month; what has no price is said, never left out.
import { type PriceTable, quote } from './prices.ts';

export interface CostLine {
  readonly what: string;
  /** Name in the price table. */
  readonly price: string;
  readonly quantity: number;
  readonly unit: string;
  readonly unitPrice: number;
  /** USD a month. */
  readonly monthly: number;
  readonly page: string;
  readonly confirmed: boolean;
  /** Units a month that the vendor gives the whole account for nothing; not taken off here. */
  readonly free?: number;
  /** The region whose price it is, where it is not the stack's. */
  readonly pricedAs?: string;
}

export interface Part {
  readonly what: string;
  /** Name in the price table. */
  readonly price: string;
  /** Units a month. */
  readonly quantity: number;
}

export interface Costs {
  readonly lines: readonly CostLine[];
  /** USD a month, of what has a price. */
  readonly total: number;
  readonly notes: readonly string[];
}

export function costsOf(
  table: PriceTable,
  region: string,
  parts: readonly Part[],
  notes: readonly string[] = [],
): Costs {
  const lines: CostLine[] = [];
  const said = [...notes];
  for (const { what, price, quantity } of parts) {
    if (quantity === 0) continue;
    const found = quote(table, price, region);
    if (found === undefined) {
      said.push(`${what}: no price of ${price} is known; not in the total`);
      continue;
    }
    const { amount, unit, page, confirmed, free, nearest } = found;
    lines.push({
      ...{ what, price, quantity, unit, unitPrice: amount, monthly: amount * quantity, page, confirmed },
      ...(free === undefined ? {} : { free }),
      ...(nearest === undefined ? {} : { pricedAs: nearest }),
    });
  }
  const elsewhere = [...new Set(lines.flatMap(({ pricedAs }) => pricedAs ?? []))];
  if (elsewhere.length > 0)
    said.push(`no prices of ${region} are known for some lines: those of ${elsewhere.join(', ')} are used`);
  return { lines, total: lines.reduce((sum, { monthly }) => sum + monthly, 0), notes: said };
}
