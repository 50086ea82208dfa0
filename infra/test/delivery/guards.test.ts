import { describe, expect, test } from 'vitest';
import type { NewFact } from '../../contract/fact.ts';
import { parseStack, type StackName } from '../../contract/stack.ts';
import { authorsBrought } from '../../delivery/authors.ts';
import { guardReasons, soakedMs } from '../../delivery/guards.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { deploymentFact, ledgerOf, releaseOf, verificationFact } from '../ledger/sample-facts.ts';
import { partsOf, policyText, World } from './world.ts';

const start = Date.parse('2026-11-21T12:00:00Z');
const at = (minute: number, fact: NewFact): NewFact => ({
  ...fact,
  at: new Date(start + minute * 60_000).toISOString(),
});
const healthy = (minute: number, sequence = 1, stack = 'gcp-dev') =>
  at(minute, deploymentFact(stack, sequence, 'healthy', null, `a${minute}`));
const verified = (minute: number, outcome: 'passed' | 'failed' | 'errored', stack = 'gcp-dev') =>
  at(minute, verificationFact(stack, 1, outcome));
const removal = (minute: number): NewFact =>
  at(minute, {
    actor: { login: 'ada', via: 'local' },
    at: '',
    kind: 'removal',
    environment: 'dev',
    stack: 'gcp-dev',
    body: { replaced: releaseOf(1), reason: 'to save money' },
  });

const soaks: readonly [string, readonly NewFact[], number][] = [
  ['never deployed', [], 0],
  ['runs since minute 0', [verified(0, 'passed'), healthy(0)], 100],
  ['deployed again meanwhile, without an end between', [healthy(0), healthy(60)], 100],
  ['ran for 40 minutes, until another release came', [healthy(0), healthy(40, 2)], 40],
  [
    'ran for 40 minutes, until another attempt began',
    [healthy(0), at(40, deploymentFact('gcp-dev', 2, 'updating'))],
    40,
  ],
  ['the longest of two spans counts', [healthy(0), healthy(40, 2), healthy(90)], 40],
  ['a failed verification ends it', [healthy(0), verified(30, 'failed')], 30],
  ['and a passed one begins it anew', [healthy(0), verified(30, 'failed'), verified(50, 'passed')], 50],
  ['what could not be told takes nothing back', [healthy(0), verified(30, 'errored')], 100],
  ['taken down', [healthy(0), removal(25)], 25],
  ['another stack proves nothing here', [healthy(0, 1, 'aws-dev')], 0],
];

test.each(soaks)('soaked: %s', (_, contents, minutes) => {
  expect(soakedMs(ledgerOf(...contents), 'gcp-dev', releaseOf(1), start + 100 * 60_000)).toBe(minutes * 60_000);
});

describe('soak time', () => {
  const names: readonly StackName[] = ['aws-dev', 'gcp-dev', 'aws-prod', 'gcp-prod'];
  const facts = ledgerOf(
    verified(0, 'passed', 'aws-dev'),
    healthy(0, 1, 'aws-dev'),
    verified(40, 'passed', 'gcp-dev'),
    healthy(40, 1, 'gcp-dev'),
  );
  const ask = (soakMinutes: number, minute: number) =>
    guardReasons({
      facts,
      release: releaseOf(1),
      environment: 'prod',
      stacks: names.map((name) => ({ stack: parseStack(name) })),
      policy: parsePolicy(`${policyText}promotions: { soakMinutes: ${soakMinutes} }`),
      nowMs: start + minute * 60_000,
    });

  test('must have passed on every upstream stack, and the one that it has not is named', () => {
    expect(ask(60, 90)).toEqual(['proven on gcp-dev for 50 min; policy.yaml wants 60']);
    expect(ask(60, 100)).toEqual([]);
  });
  test('is not asked where the policy wants none', () => {
    expect(ask(0, 40)).toEqual([]);
  });
});

describe('the authors of what a promotion brings', () => {
  async function fourReleases() {
    const world = new World();
    const made = [];
    for (const who of ['ann', 'ben', 'cy', 'dee']) {
      made.push(await world.release({ source: { ...partsOf(1).source, authors: [who, 'bot'] } }));
    }
    return { facts: world.facts, made };
  }
  const running: readonly [string, Readonly<Record<string, number | null>>, readonly string[]][] = [
    ['since the release before, when that one runs', { 'aws-prod': 3 }, ['dee', 'bot']],
    ['of skipped releases too', { 'aws-prod': 1 }, ['dee', 'bot', 'cy', 'ben']],
    ['since the oldest that some stack runs', { 'aws-prod': 3, 'gcp-prod': 2 }, ['dee', 'bot', 'cy']],
    ['of a new cloud: what the others run was approved', { 'aws-prod': 3, 'gcp-prod': null }, ['dee', 'bot']],
    ['of everything, where nothing runs', { 'aws-prod': null }, ['dee', 'bot', 'cy', 'ben', 'ann']],
    ['of itself alone, when a newer one runs', { 'aws-prod': 9 }, ['dee', 'bot']],
  ];
  test.each(running)('%s', async (_, previous, authors) => {
    const { facts, made } = await fourReleases();
    const last = made[3];
    if (last === undefined) throw new Error('four releases were made');
    const names = Object.entries(previous).map(([stack, one]) => [stack, one === null ? null : releaseOf(one)]);
    expect(authorsBrought(facts, last, Object.fromEntries(names))).toEqual(authors);
  });
});
