// Shapley values of a function of some fields: what each adds to the answer, averaged over every order in which they could become known.
// Pure. Baseline Shapley, https://proceedings.mlr.press/v119/sundararajan20b.html: a field that is not known has its baseline value.
import { type Random, shuffled } from '../../model/random.ts';

/** A set of fields, one byte each: 1 where the field is known. Sets lie one after the other. */
export type Coalitions = Uint8Array;

export interface Plan {
  readonly kind: 'exact' | 'sampled';
  /** How many sets there are in `coalitions`: the price, in rows. */
  readonly evaluations: number;
  readonly coalitions: Coalitions;
  /** @param values the function's value for each set, in order. @returns one number a field; they add up to the value of all less that of none. */
  contributions(values: Float64Array): Float64Array;
}

/** @param most sets that may be asked for; at least twice as many as there are fields. @param random asked where not all sets are. */
export function planOf(fields: number, most: number, random: Random): Plan {
  return 2 ** fields <= most ? exact(fields) : sampled(fields, most, random);
}

/** Every set there is: set number `s` knows field `f` where bit `f` of `s` is 1. */
function exact(fields: number): Plan {
  const evaluations = 2 ** fields;
  const coalitions = new Uint8Array(evaluations * fields);
  const sizes = new Uint8Array(evaluations);
  for (let set = 0; set < evaluations; set++) {
    for (let field = 0; field < fields; field++) {
      if (((set >> field) & 1) === 0) continue;
      coalitions[set * fields + field] = 1;
      sizes[set] = (sizes[set] ?? 0) + 1;
    }
  }
  // The share of orders in which exactly a given set of that size is known before a given field.
  const weights = Array.from({ length: fields }, (_, size) => 1 / (fields * choose(fields - 1, size)));
  return {
    kind: 'exact',
    evaluations,
    coalitions,
    contributions(values) {
      const found = new Float64Array(fields);
      for (let set = 0; set < evaluations; set++) {
        const weight = weights[sizes[set] ?? 0] ?? 0;
        for (let field = 0; field < fields; field++) {
          if (((set >> field) & 1) === 1) continue;
          const added = (values[set | (1 << field)] ?? 0) - (values[set] ?? 0);
          found[field] = (found[field] ?? 0) + weight * added;
        }
      }
      return found;
    },
  };
}

/** Some orders, each there and back, which is exact where no more than two fields work together. The first set is that of none. */
function sampled(fields: number, most: number, random: Random): Plan {
  const pairs = Math.max(1, Math.floor((most - 1) / (2 * fields)));
  const orders = Array.from({ length: pairs }, () => {
    const order = shuffled(
      Array.from({ length: fields }, (_, field) => field),
      random,
    );
    return [order, order.toReversed()];
  }).flat();
  const evaluations = 1 + orders.length * fields;
  const coalitions = new Uint8Array(evaluations * fields);
  for (const [index, order] of orders.entries()) {
    for (const [step, field] of order.entries()) {
      const at = (1 + index * fields + step) * fields;
      if (step > 0) coalitions.copyWithin(at, at - fields, at);
      coalitions[at + field] = 1;
    }
  }
  return {
    kind: 'sampled',
    evaluations,
    coalitions,
    contributions(values) {
      const found = new Float64Array(fields);
      for (const [index, order] of orders.entries()) {
        let before = values[0] ?? 0;
        for (const [step, field] of order.entries()) {
          const value = values[1 + index * fields + step] ?? 0;
          found[field] = (found[field] ?? 0) + (value - before) / orders.length;
          before = value;
        }
      }
      return found;
    },
  };
}

function choose(of: number, some: number): number {
  let ways = 1;
  for (let index = 1; index <= some; index++) ways = (ways * (of - some + index)) / index;
  return ways;
}
