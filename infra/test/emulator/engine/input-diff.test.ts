import { describe, expect, it } from 'vitest';
import { diffInputs, projected } from '../../../emulator/engine/input-diff.ts';
import { type Properties, unresolved } from '../../../emulator/engine/property.ts';

describe('what changed between two sets of inputs', () => {
  const cases: readonly [string, Properties, Properties, readonly string[]][] = [
    ['nothing', { a: 1, b: ['x', { c: true }] }, { b: ['x', { c: true }], a: 1 }, []],
    ['a value', { a: 1 }, { a: 2 }, ['update a']],
    ['a deep value', { a: [{ image: 'x' }] }, { a: [{ image: 'y' }] }, ['update a[0].image']],
    ['an added key', {}, { tags: { team: 'x' } }, ['add tags']],
    ['a removed list item', { a: [1, 2] }, { a: [1] }, ['delete a[1]']],
    ['a value that is not known yet', { a: 'x' }, { a: unresolved }, ['update a']],
    ['a key that forces a replacement', { name: 'x', a: 1 }, { name: 'y', a: 1 }, ['update name (replaces)']],
    ['something below such a key', { key: { deep: 'x' } }, { key: { deep: 'y' } }, ['update key.deep (replaces)']],
    [
      'something in a list below such a key',
      { key: [{ deep: 1 }] },
      { key: [{ deep: 2 }] },
      ['update key[0].deep (replaces)'],
    ],
    ['a key that only begins alike', { names: 'x' }, { names: 'y' }, ['update names']],
  ];
  it.each(cases)('finds %s', (_what, olds, news, changes) => {
    const found = diffInputs(olds, news, ['name', 'key']);
    expect(found.map(({ kind, path, replaces }) => `${kind} ${path}${replaces ? ' (replaces)' : ''}`)).toEqual(changes);
  });
});

describe('the cloud’s view of what was asked', () => {
  const cases: readonly [string, Properties, Properties, Properties][] = [
    ['hides defaults the vendor added', { a: { b: 1 } }, { a: { b: 1, added: 2 }, other: 3 }, { a: { b: 1 } }],
    ['shows a changed value', { a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 2 } }],
    ['shows a value that is gone', { a: { b: 1, c: 'x' } }, { a: { b: 1 } }, { a: { b: 1 } }],
    [
      'shows a key added to a map of the user',
      { tags: { a: '1' } },
      { tags: { a: '1', b: '2' } },
      { tags: { a: '1', b: '2' } },
    ],
    ['shows another length of a list', { a: ['x'] }, { a: ['x', 'y'] }, { a: ['x', 'y'] }],
    ['hides defaults inside list items', { a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }],
    ['takes an absent field for false, zero or empty', { a: { b: false, c: 0 } }, { a: {} }, { a: { b: false, c: 0 } }],
    ['keeps what the vendor never returns', { siteConfig: { x: 1 } }, {}, { siteConfig: { x: 1 } }],
  ];
  it.each(cases)('%s', (_what, asked, actual, shown) => {
    expect(projected(asked, actual)).toEqual(shown);
  });
});
