// A stack's state after the worst: the CLI killed while the cloud made something, and a provider that gave up waiting. On the real engine.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isWhole, type StateRecovery } from '../../contract/recovery.ts';
import { accounts } from '../../emulator/world.ts';
import { type EmulatedFoundation, emulatedFoundation, repository } from './emulated-foundation.ts';

let world: EmulatedFoundation;
let recovery: StateRecovery;

beforeEach(async () => {
  world = await emulatedFoundation();
  const made = await world.deployer.recovery?.('gcp');
  if (made === undefined) throw new Error('the deployer recovers nothing');
  recovery = made;
});
afterEach(() => world.stop());

/** By the engine's own lock. */
async function killEngine(): Promise<void> {
  const folder = join(world.directory, 'state', '.pulumi', 'locks', 'organization', 'trireme', 'gcp-foundation');
  for (const name of await readdir(folder)) {
    const { pid } = JSON.parse(await readFile(join(folder, name), 'utf8'));
    process.kill(pid, 'SIGKILL');
  }
}

// What is made beside the repository may be an orphan too: the engine was killed at a moment nobody chose.
const id = `projects/${accounts.gcp.project}/locations/europe-west1/repositories/trireme`;

test('killed while the cloud made the registry: shown, mended, nothing lost, nothing made twice', async () => {
  expect(await recovery.look({})).toMatchObject({ resources: null, orphans: [] });
  world.whenMade = killEngine;
  await expect(world.deployer.foundation('gcp')).rejects.toThrow();
  world.whenMade = undefined;

  const findings = await recovery.look({});
  expect(findings).toMatchObject({
    locks: { gone: [expect.stringContaining('process')], held: [] },
    pending: expect.arrayContaining([{ name: 'repository', type: repository, operation: 'creating' }]),
    orphans: expect.arrayContaining([expect.objectContaining({ name: 'repository', type: repository, id })]),
  });

  const repaired = await recovery.repair(findings, { gone: false });
  expect(repaired.left).toEqual([]);
  expect(repaired.adopted).toContainEqual(expect.objectContaining({ name: 'repository', id }));
  expect(repaired.next?.filter((change) => change.includes(repository))).toEqual([]);

  expect((await world.deployer.foundation('gcp')).repository).toContain('pkg.dev');
  expect(world.asked).toBe(1);
  const after = await recovery.look({});
  expect(isWhole(after), JSON.stringify(after)).toBe(true);
});

test('given up by the provider while the cloud made the registry: the refusal names the way, which works', async () => {
  world.refusals = [{ cloud: 'gcp', why: 'time-out', type: ':Repository' }];
  await expect(world.deployer.foundation('gcp')).rejects.toThrow(/npx trireme recover gcp-foundation/);
  world.refusals = [];
  await expect(world.deployer.foundation('gcp')).rejects.toThrow(/exists already.*npx trireme recover gcp-foundation/);

  // An id that nothing needs is not passed over in silence, nor is one under which there is nothing.
  const findings = await recovery.look({}, { nobody: 'x' });
  expect(findings).toMatchObject({
    pending: [],
    orphans: [{ name: 'repository', id }],
    idle: [{ name: 'nobody', why: 'not missing' }],
  });
  await recovery.repair(findings, { gone: false });
  expect((await world.deployer.foundation('gcp')).repository).toContain('pkg.dev');
});
