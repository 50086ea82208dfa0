// The price table: read and checked, and the price nearest to a region where the vendor's own of that region is not in it.
import { parse } from 'yaml';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';

const price = z.strictObject({
  unit: z.string().min(1),
  /** Region to amount; `any` where it is the same everywhere. */
  at: z.record(z.string(), z.number().nonnegative()).refine((at) => Object.keys(at).length > 0),
  /** The vendor's own page. */
  page: z.url(),
  /** Was the number read on that page? */
  confirmed: z.boolean(),
  /** Units a month that the vendor gives each account for nothing. */
  free: z.number().positive().optional(),
});

const priceTable = z.strictObject({
  currency: z.literal('USD'),
  /** The day the table was put together. */
  read: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  hoursPerMonth: z.number().positive(),
  assumed: z.strictObject({
    logBytesPerRequest: z.number().positive(),
    idleLogGiB: z.number().nonnegative(),
    registryGiB: z.number().positive(),
    releasesPerMonth: z.number().positive(),
    objectStoreGiB: z.number().positive(),
  }),
  prices: z.record(z.string(), price),
});
export type PriceTable = z.infer<typeof priceTable>;

/** @throws DeliveryError `document-invalid`. */
export function parsePrices(text: string): PriceTable {
  const parsed = priceTable.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new DeliveryError('document-invalid', `infra/cost/prices.yaml: ${z.prettifyError(parsed.error)}`);
}

export interface Quote {
  readonly amount: number;
  readonly unit: string;
  readonly page: string;
  readonly confirmed: boolean;
  readonly free?: number | undefined;
  /** The region whose price it is, where it is not the one asked for. */
  readonly nearest?: string;
}

/** `undefined`: the table does not know such a thing. */
export function quote(table: PriceTable, name: string, region: string): Quote | undefined {
  const found = Object.hasOwn(table.prices, name) ? table.prices[name] : undefined;
  if (found === undefined) return undefined;
  const { at, unit, page, confirmed, free } = found;
  const own = at[region] ?? at.any;
  const near = own === undefined ? nearestRegion(region, Object.keys(at)) : region;
  const amount = own ?? at[near] ?? 0;
  return {
    amount,
    unit,
    page,
    // Another region's price is no confirmed price of this one.
    confirmed: confirmed && own !== undefined,
    ...(free === undefined ? {} : { free }),
    ...(own === undefined ? { nearest: near } : {}),
  };
}

/** The first of the same continent, else the first there is: vendors' prices differ between continents more than inside one. */
function nearestRegion(region: string, known: readonly string[]): string {
  const continent = continentOf(region);
  return known.find((one) => continentOf(one) === continent) ?? known[0] ?? region;
}

const continents: Readonly<Record<string, RegExp>> = {
  europe: /^eu-|europe|^uk|france|germany|italy|norway|poland|spain|sweden|switzerland/,
  asia: /^(ap|me|il)-|asia|japan|korea|india|australia|indonesia|malaysia|newzealand|qatar|uae|israel|^me-/,
  africa: /^af-|africa/,
  'south-america': /^sa-|southamerica|brazil|chile/,
  'north-america': /^(us|ca|mx)-|northamerica|us\d?$|canada|mexico/,
};

export function continentOf(region: string): string | undefined {
  return Object.entries(continents).find(([, pattern]) => pattern.test(region))?.[0];
}
