import { expect, test } from 'vitest';
import { nextFor } from '../../cli/verbs/stack-drift.ts';
import type { StackDrift } from '../../delivery/drift.ts';

const clean: StackDrift = { stack: 'aws-prod', release: 'rel-1-0', outcome: 'none', findings: [], untold: [] };
const changed = { where: 'service', field: 'cpu', declared: '1', found: '2' };
const deployed = { where: 'outputs', field: 'release', declared: 'rel-1-0', found: 'rel-2-0' };

test.each<[string, Partial<StackDrift>, string]>([
  ['nothing', {}, 'npx trireme status'],
  ['configuration that waits', { waiting: ['aws-foundation was changed'] }, 'npx trireme release, which takes it'],
  ['what nobody could read', { outcome: 'unknown' }, 'npx trireme verify --stack aws-prod'],
  ['a change in the cloud', { outcome: 'drift', findings: [changed] }, 'npx trireme restore --stack aws-prod --reason'],
  ['a release from outside', { outcome: 'drift', findings: [deployed] }, 'npx trireme history --environment prod'],
])('after %s comes a verb of our own', (_, look, next) => {
  const drift = { ...clean, ...look };
  expect(nextFor([drift], drift.outcome)).toContain(next);
  expect(nextFor([drift], drift.outcome)).not.toContain('pulumi');
});
