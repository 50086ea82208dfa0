import { expect, it } from 'vitest';
import { digestOf } from '../../contract/canonical.ts';
import { buildDocument, buildIdOf } from '../../image/build-id.ts';

const commit = 'a'.repeat(40);
const wine = { name: 'wine', digest: digestOf('wine') };
const digits = { name: 'digits', digest: digestOf('digits') };

it('a build is named by its commit and models, whatever their order', () => {
  const id = buildIdOf({ commit, models: [wine, digits] });
  expect(id).toMatch(/^bld-[0-9a-f]{12}$/);
  expect(buildIdOf({ commit, models: [digits, wine] })).toBe(id);
  expect(buildIdOf({ commit, models: [{ ...wine, folder: '/elsewhere' } as typeof wine, digits] })).toBe(id);
});

it.each([
  ['commit', { commit: 'b'.repeat(40), models: [wine] }],
  ['model', { commit, models: [{ ...wine, digest: digestOf('other') }] }],
  ['set of models', { commit, models: [wine, digits] }],
  ['uncommitted source', { commit, models: [wine], dirtySource: digestOf('edited') }],
])('another %s gives another build', (_name, inputs) => {
  expect(buildIdOf(inputs)).not.toBe(buildIdOf({ commit, models: [wine] }));
});

it('the document says which schema it has', () => {
  expect(JSON.parse(buildDocument('bld-0123456789ab'))).toEqual({
    schema: 'trireme.build/1',
    buildId: 'bld-0123456789ab',
  });
});
