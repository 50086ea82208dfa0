import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../model/random.ts';
import { type Plan, planOf } from '../../../serving/explain/shapley.ts';

type Game = (known: readonly boolean[]) => number;

function valuesOf(plan: Plan, fields: number, game: Game): Float64Array {
  return Float64Array.from({ length: plan.evaluations }, (_, set) =>
    game(Array.from({ length: fields }, (_, field) => plan.coalitions[set * fields + field] === 1)),
  );
}
function contributionsOf(plan: Plan, fields: number, game: Game): number[] {
  return [...plan.contributions(valuesOf(plan, fields, game))];
}

const weights = [3, -1, 0.5, 0, 2, 2];
const fields = weights.length;
const linear: Game = (known) => weights.reduce((sum, weight, field) => sum + (known[field] ? weight : 0), 7);
/** Fields 0 and 1 work together; 3 does nothing; 4 and 5 are alike. */
const pairs: Game = (known) => linear(known) + (known[0] && known[1] ? 4 : 0) + (known[4] && known[5] ? 10 : 0);
/** Three together: the sampled values are no longer exact. */
const triple: Game = (known) => pairs(known) + (known[0] && known[2] && known[4] ? 6 : 0);

const exact = planOf(fields, 64, randomFrom(1));
const sampled = planOf(fields, 63, randomFrom(1));

it('asks for every set where it may, and for no more than it may otherwise', () => {
  expect([exact.kind, exact.evaluations]).toEqual(['exact', 64]);
  expect([sampled.kind, sampled.evaluations]).toEqual(['sampled', 61]);
  expect(planOf(13, 8192, randomFrom(1)).kind).toBe('exact');
  for (const many of [14, 100, 1000]) {
    const plan = planOf(many, 8192, randomFrom(1));
    expect(plan.kind).toBe('sampled');
    expect(plan.evaluations).toBeLessThanOrEqual(8192);
  }
});

describe.each([
  ['exact', exact],
  ['sampled', sampled],
])('%s values', (_kind, plan) => {
  it('of a sum are its parts', () => {
    for (const [field, found] of contributionsOf(plan, fields, linear).entries())
      expect(found).toBeCloseTo(weights[field] ?? 0, 12);
  });

  it('share between two that work together what they do together', () => {
    for (const [field, found] of contributionsOf(plan, fields, pairs).entries())
      expect(found).toBeCloseTo([5, 1, 0.5, 0, 7, 7][field] ?? 0, 12);
  });

  it('add up to the whole, and give nothing to a field that does nothing', () => {
    const found = contributionsOf(plan, fields, triple);
    const whole = triple(Array(fields).fill(true)) - triple(Array(fields).fill(false));
    expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(whole, 12);
    expect(found[3]).toBeCloseTo(0, 12);
  });

  it('are the same whenever they are asked for', () => {
    const again = planOf(fields, plan.kind === 'exact' ? 64 : 63, randomFrom(1));
    expect(contributionsOf(again, fields, triple)).toEqual(contributionsOf(plan, fields, triple));
  });
});

it('exact values of three that work together are a third each; sampled ones come near', () => {
  const expected = [5 + 2, 1, 0.5 + 2, 0, 7 + 2, 7];
  for (const [field, found] of contributionsOf(exact, fields, triple).entries())
    expect(found).toBeCloseTo(expected[field] ?? 0, 12);
  const near = contributionsOf(planOf(fields, 63, randomFrom(1)), fields, triple);
  for (const [field, found] of near.entries()) expect(Math.abs(found - (expected[field] ?? 0))).toBeLessThan(1.5);
});
