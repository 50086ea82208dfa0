import { expect, it } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import { buildDocument, buildIdOf } from '../../image/build-id.ts';

const commit = 'a'.repeat(40);
const wine = { name: 'wine', digest: digestOf('wine') };
const digits = { name: 'digits', digest: digestOf('digits') };

it('a build is named by its commit and models, in the order they are served', () => {
  const id = buildIdOf({ commit, models: [wine, digits] });
  expect(id).toMatch(/^bld-[0-9a-f]{12}$/);
  expect(buildIdOf({ commit, models: [wine, digits] })).toBe(id);
  expect(buildIdOf({ commit, models: [{ ...wine, folder: '/elsewhere' } as typeof wine, digits] })).toBe(id);
});

it.each([
  ['commit', { commit: 'b'.repeat(40), models: [wine] }],
  ['model', { commit, models: [{ ...wine, digest: digestOf('other') }] }],
  ['set of models', { commit, models: [wine, digits] }],
  ['label', { commit, models: [{ ...wine, label: 'challenger' as const }] }],
  ['uncommitted source', { commit, models: [wine], dirtySource: digestOf('edited') }],
])('another %s gives another build', (_name, inputs) => {
  expect(buildIdOf(inputs)).not.toBe(buildIdOf({ commit, models: [wine] }));
});

it('another first model gives another build', () => {
  expect(buildIdOf({ commit, models: [digits, wine] })).not.toBe(buildIdOf({ commit, models: [wine, digits] }));
});

it('the document names the models and where in the image each version is', () => {
  const next = { name: 'wine', digest: digestOf('next'), label: 'challenger' as const };
  expect(JSON.parse(buildDocument('bld-0123456789ab', [wine, next]))).toEqual({
    schema: 'trireme.build/2',
    buildId: 'bld-0123456789ab',
    models: [
      { ...wine, folder: 'wine' },
      { ...next, folder: `wine@${next.digest.slice(7, 19)}` },
    ],
  });
});
