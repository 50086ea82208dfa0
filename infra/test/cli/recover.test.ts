import { expect, test } from 'vitest';
import { knownInWords, nextFor } from '../../cli/verbs/recover.ts';

test('what is known is said, and nothing is called nothing', () => {
  const runs = { stack: 'aws-prod', runs: 'rel-1-0' } as const;
  const none = { stack: 'gcp-prod', runs: null } as const;
  expect(knownInWords('prod', [none])).toBe('nothing is deployed in prod');
  expect(knownInWords('prod', [runs, none])).toBe(
    'what prod runs is known: aws-prod runs rel-1-0, gcp-prod runs nothing',
  );
});

test.each([
  ['all is known', 'prod', [{ outcome: 'found' }, { outcome: 'known' }], 'npx trireme status'],
  ['nobody can tell about dev', 'dev', [{ outcome: 'unknown' }], 'npx trireme deploy'],
  ['nobody can tell about prod', 'prod', [{ outcome: 'unknown' }], 'npx trireme rollback --environment prod'],
  ['a job may be alive', 'prod', [{ outcome: 'unknown' }, { outcome: 'busy' }], 'recover --environment prod --gone'],
  ['a rotation failed, and what ran before runs', 'prod', [{ outcome: 'found', rotation: true }], 'npx trireme rotate'],
  ['a rotation failed, and nobody can tell', 'prod', [{ outcome: 'unknown', rotation: true }], 'npx trireme rotate'],
] as const)('%s: the next command', (_, environment, found, next) => {
  expect(nextFor(environment, found)).toContain(next);
});
