// Planted bugs are found: a few here, all of them by `npm run simulate -- --mutants`.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hunt } from '../../simulator/mutant.ts';
import { mutants } from '../../simulator/mutants.ts';

const few = [
  'the fact that an attempt begins is dropped',
  'nothing is asked again after the approval',
  'no proof is asked for',
];

describe('the planted bugs', () => {
  const edits = mutants.flatMap(({ name, also, ...first }) =>
    (also === undefined ? [first] : [first, also]).map((edit) => ({ name, ...edit })),
  );
  it.each(edits)('has a place in the code as it is: $name in $file', async ({ file, find, replace }) => {
    const text = await readFile(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
    expect(text.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });

  it.each(mutants.filter(({ name }) => few.includes(name)))('is found: $name', async (mutant) => {
    const { found } = await hunt(mutant, { from: 1, count: 100, workers: 1 });
    expect(found?.violations.map(({ invariant }) => invariant)).toContain(mutant.breaks);
  });

  it('are at least twenty, each with a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBeGreaterThanOrEqual(20);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.filter(({ name }) => few.includes(name))).toHaveLength(few.length);
  });
});
