import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmulatedFoundation, emulatedFoundation } from './emulated-foundation.ts';

let world: EmulatedFoundation;
beforeEach(async () => {
  world = await emulatedFoundation();
});
afterEach(() => world.stop());

test("a cloud's foundation is made by the checkout's own project, found unchanged, and destroyed", async () => {
  const made: string[] = [];
  const report = ({ message }: { message: string }) => made.push(message);
  const outputs = await world.deployer.foundation('gcp', { report });
  expect(outputs.repository).toMatch(/^europe-west1-docker\.pkg\.dev\//);
  expect(made).toContain('create gcp:artifactregistry/repository:Repository repository');
  made.length = 0;
  expect(await world.deployer.foundation('gcp', { report })).toEqual(outputs);
  expect(made).toEqual([]);
  await world.deployer.destroy('gcp', { report });
  expect(made).toContain('delete gcp:artifactregistry/repository:Repository repository');
});
