import { expect, test } from 'vitest';
import type { StackOutcome } from '../../delivery/delivery.ts';
import { outcomeLines, shortened } from '../../rehearsal/words.ts';

const digest = `sha256:${'0123456789ab'.padEnd(64, 'f')}`;

test.each([
  [
    'a reference keeps its image and the first digits',
    `runs 1.dkr.ecr.eu-west-1.amazonaws.com/team/trireme@${digest} now`,
    'runs trireme@0123456789ab now',
  ],
  ['a digest alone keeps the first digits', `found ${digest}`, 'found 0123456789ab'],
  ['everything else stays', 'https://example.com/a/b and 12 %', 'https://example.com/a/b and 12 %'],
])('%s', (_, text, expected) => {
  expect(shortened(text)).toBe(expected);
});

test('a stack that went back is said to have failed, and why', () => {
  const outcome: StackOutcome = {
    stack: 'gcp-prod',
    state: 'reverted',
    reason: 'identity: expected a; found b',
    seconds: 3.21,
    checks: [],
    runs: 'rel-1-0123456789ab',
  };
  expect(outcomeLines([outcome])).toBe('gcp-prod    failed, reverted   3.2 s  identity: expected a; found b');
});

test('a healthy stack names every check that passed', () => {
  const check = { outcome: 'passed', expected: '', found: '', seconds: 0, source: '' } as const;
  const outcome: StackOutcome = {
    stack: 'aws-dev',
    state: 'healthy',
    seconds: 1,
    checks: [
      { name: 'identity', ...check },
      { name: 'parity', ...check },
    ],
    runs: 'rel-1-0123456789ab',
  };
  expect(outcomeLines([outcome])).toBe('aws-dev     healthy    1.0 s  identity, parity passed');
});
