// Golden predictions out of an image, and whether that image serves the models that they are of.
import { expect, test } from 'vitest';
import { goldensIn } from '../../cli/registries.ts';
import { golden, partsOf } from '../delivery/world.ts';

const manifest = {
  ...partsOf(1),
  schema: 'trireme.release/1' as const,
  sequence: 1,
  models: [
    { name: 'wine', digest: partsOf(1).image.digest },
    { name: 'beer', digest: partsOf(2).image.digest },
  ],
};

test.each([
  ['that states its models serves each', { schema: 'trireme.build/2', models: [] }, true],
  ['made before images did serves the first alone', { schema: 'trireme.build/1' }, false],
])('an image %s', async (_, build, isServed) => {
  const readFile = async (_ref: string, path: string) =>
    Buffer.from(JSON.stringify(path.endsWith('/build.json') ? build : golden));
  expect(await goldensIn({ readFile }).read(manifest, 'gcp')).toEqual([
    { model: 'wine', golden },
    { model: 'beer', golden, isServed },
  ]);
});
