import { describe, expect, test } from 'vitest';
import type { NewFact } from '../../contract/fact.ts';
import { entryFault, environmentState, stackTruth } from '../../delivery/environment-state.ts';
import { deploymentFact, ledgerOf, releaseOf } from '../ledger/sample-facts.ts';

const stacks = ['aws-prod', 'gcp-prod', 'gcp-dev'] as const;
const atMs = Date.parse('2026-11-21T12:00:00.000Z');
const minutes = 60_000;
const [one, two] = [releaseOf(1), releaseOf(2)];

function deployed(stack: string, sequence: number, attempt = `${stack} ${sequence}`): NewFact {
  return deploymentFact(stack, sequence, 'healthy', null, attempt);
}
function ended(stack: string, sequence: number, state: 'failed', replaced: number | null, attempt: string): NewFact {
  const fact = deploymentFact(stack, sequence, state, replaced, attempt);
  return fact.kind === 'deployment' ? { ...fact, body: { ...fact.body, seconds: 3 } } : fact;
}
const removal = (stack: string): NewFact => ({
  kind: 'removal',
  at: new Date(atMs).toISOString(),
  actor: { login: 'ada', via: 'local' },
  environment: 'prod',
  stack,
  body: { replaced: one, reason: 'by command' },
});
const both = [deployed('aws-prod', 1), deployed('gcp-prod', 1)];

describe('an environment is', () => {
  const cases: readonly [string, readonly NewFact[], number, string][] = [
    ['none before anything was deployed', [deployed('gcp-dev', 1)], 0, 'none'],
    ['consistent where every stack runs the same release', both, 0, `consistent ${one}`],
    ['split where one has none', [deployed('aws-prod', 1)], 0, 'split'],
    ['split where they differ', [...both, deployed('aws-prod', 2)], 0, 'split'],
    ['unknown while one is being changed', [...both, deploymentFact('aws-prod', 2, 'proving', 1, 'b')], 1, 'unknown'],
    ['unknown where a stack is', [...both, deploymentFact('aws-prod', 2, 'unknown', 1, 'b')], 0, 'unknown'],
    [
      'unknown where going back failed',
      [...both, deploymentFact('aws-prod', 2, 'revert-failed', 1, 'b')],
      0,
      'unknown',
    ],
    ['unknown where a bad release was left', [...both, ended('aws-prod', 2, 'failed', 1, 'b')], 0, 'unknown'],
    [
      'unknown between failing and going back',
      [...both, deploymentFact('aws-prod', 2, 'failed', 1, 'b')],
      0,
      'unknown',
    ],
    [
      'what it was once a stack went back',
      [...both, deploymentFact('aws-prod', 2, 'reverted', 1, 'b')],
      0,
      `consistent ${one}`,
    ],
    [
      'what it was where an attempt touched nothing',
      [...both, deploymentFact('aws-prod', 2, 'updating', 1, 'b'), deploymentFact('aws-prod', 2, 'skipped', 1, 'b')],
      0,
      `consistent ${one}`,
    ],
    [
      'still unknown where a later attempt touched nothing',
      [...both, deploymentFact('aws-prod', 2, 'unknown', 1, 'b'), deploymentFact('aws-prod', 2, 'skipped', 1, 'c')],
      0,
      'unknown',
    ],
    ['split once a stack was taken down', [...both, removal('aws-prod')], 0, 'split'],
    ['none once all were', [...both, removal('aws-prod'), removal('gcp-prod')], 0, 'none'],
    [
      'consistent where the answers differ',
      [...both, deploymentFact('aws-prod', 1, 'failed', null, 'parity')],
      0,
      `consistent ${one}`,
    ],
  ];
  test.each(cases)('%s', (_name, contents, laterMs, expected) => {
    const { kind, release } = environmentState(ledgerOf(...contents), 'prod', stacks, atMs + laterMs);
    expect(release === undefined ? kind : `${kind} ${release}`).toBe(expected);
  });
});

test('a job that says nothing for longer than any job lasts was lost', () => {
  const facts = ledgerOf(...both, deploymentFact('aws-prod', 2, 'proving', 1, 'b'));
  expect(stackTruth(facts, 'aws-prod', atMs + 59 * minutes)).toMatchObject({ knows: 'under-way', runs: null });
  const lost = stackTruth(facts, 'aws-prod', atMs + 61 * minutes);
  expect(lost).toMatchObject({ knows: 'unknown', runs: null, tried: two, state: 'proving' });
  expect(lost.why).toContain('its job was lost (proving');
});

describe('into a split environment', () => {
  const split = environmentState(ledgerOf(...both, deployed('aws-prod', 2)), 'prod', stacks, atMs);
  const whole = environmentState(ledgerOf(...both), 'prod', stacks, atMs);
  const lost = environmentState(
    ledgerOf(...both, deploymentFact('aws-prod', 2, 'unknown', 1, 'b')),
    'prod',
    stacks,
    atMs,
  );
  test.each([
    ['another release may not go', split, { release: releaseOf(3) }, 'prod is split: aws-prod runs rel-2'],
    ['nor into an unknown one', lost, { release: releaseOf(3) }, 'what prod runs is unknown: aws-prod is unknown'],
    ['the same one may', split, { release: two }, undefined],
    ['nor is the one refused that was lost there', lost, { release: two }, undefined],
    ['any may for a reason', split, { release: releaseOf(3), override: 'the fix' }, undefined],
    ['any may where nothing is split', whole, { release: releaseOf(3) }, undefined],
  ])('%s', (_name, state, question, expected) => {
    const fault = entryFault(state, question);
    if (expected === undefined) expect(fault).toBeUndefined();
    else expect(fault).toContain(expected);
  });
});
