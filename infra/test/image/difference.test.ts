import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstDifference, imageFilesOf } from '../../image/difference.ts';
import { type SampleLayer, writeSampleLayout } from '../registry/sample-image.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-difference-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function image(...layers: SampleLayer[]) {
  const layout = join(folder, String(++made));
  await writeSampleLayout(layout, layers);
  return imageFilesOf(layout);
}

const modules: SampleLayer = { compression: 'none', entries: [{ name: 'srv/lib.js', content: '1' }] };
const app = (...entries: SampleLayer['entries']): SampleLayer => ({ entries });
const a = { name: 'srv/a.js', content: 'a' };
const b = { name: 'srv/b.js', content: 'b' };

it('the same image has no difference', async () => {
  expect(await firstDifference(await image(modules, app(a, b)), await image(modules, app(a, b)))).toBeUndefined();
});

it.each([
  ['other content', [app(a, { ...b, content: 'c' })], 'layer 2 of 2: srv/b.js: other content'],
  ['a missing file', [app(b)], 'layer 2 of 2: srv/a.js: missing'],
  ['a file too many', [app({ name: 'srv/0.js', content: '' }, a, b)], 'layer 2 of 2: srv/0.js: not expected'],
  [
    'the first of several',
    [app({ ...a, content: 'x' }, { ...b, content: 'y' })],
    'layer 2 of 2: srv/a.js: other content',
  ],
  ['another owner', [app({ ...a, uid: 1 }, b)], 'srv/a.js: expected file 644 0:0'],
  ['another order', [app(b, a)], 'layer 2 of 2: the same files, packed otherwise'],
  ['a missing layer', [], 'layer 2 of 2: missing'],
  ['a layer too many', [app(a, b), app(a)], 'layer 3: not expected'],
] as const)('%s is named', async (_what, layers, words) => {
  const mtime = new Date(0);
  const fixed = (layer: SampleLayer): SampleLayer => ({
    ...layer,
    entries: layer.entries.map((one) => ({ ...one, mtime })),
  });
  const expected = await image(fixed(modules), fixed(app(a, b)));
  expect(await firstDifference(expected, await image(fixed(modules), ...layers.map(fixed)))).toContain(words);
});

it('another configuration is told as that', async () => {
  const one = await image(modules);
  expect(await firstDifference(one, { ...one, digest: 'sha256:other', config: '{}' })).toBe('the configuration');
});
