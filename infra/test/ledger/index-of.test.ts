// An index that grows with its facts says what one made afresh says, and leaves the earlier one as it was.
import { expect, it } from 'vitest';
import type { Fact, NewFact } from '../../contract/fact.ts';
import { grown, indexOf } from '../../ledger/index-of.ts';
import {
  approvalFact,
  deploymentFact,
  ledgerOf,
  promotionFact,
  releaseFact,
  releaseOf,
  removalFact,
  verificationFact,
} from './sample-facts.ts';

const common = { at: '2026-11-21T13:00:00.000Z', actor: { login: 'ada', via: 'local' } } as const;
const hold = (kind: 'hold' | 'unhold', sequence: number): NewFact => ({
  ...common,
  kind,
  release: releaseOf(sequence),
  body: { reason: 'it looks bad' },
});
const superseded: NewFact = {
  ...common,
  kind: 'superseded',
  environment: 'prod',
  release: releaseOf(1),
  body: { promotion: 'prm-1', reason: 'prm-2 was prepared after it' },
};

const facts = ledgerOf(
  releaseFact(1),
  deploymentFact('gcp-dev', 1, 'updating'),
  verificationFact('gcp-dev', 1, 'passed', 1),
  deploymentFact('gcp-dev', 1, 'healthy'),
  promotionFact('prod', 1, 'prm-1'),
  approvalFact('prod', 1, 'prm-1'),
  releaseFact(2),
  hold('hold', 2),
  deploymentFact('gcp-dev', 2, 'reverted', 1, 'a2'),
  verificationFact('gcp-dev', 1, 'errored', 2),
  promotionFact('prod', 2, 'prm-2'),
  superseded,
  hold('unhold', 2),
  removalFact('gcp-dev', 1),
  deploymentFact('aws-dev', 2, 'healthy', null, 'a3'),
);

it.each([1, 4, facts.length])('grown by %i at a time', (size) => {
  let known: readonly Fact[] = [];
  for (let at = 0; at < facts.length; at += size) {
    const before = indexOf(known);
    const copy = structuredClone(before);
    const next = grown(known, facts.slice(at, at + size));
    expect(next).toEqual(facts.slice(0, at + size));
    expect(indexOf(next)).toEqual(indexOf(facts.slice(0, at + size)));
    expect(before).toEqual(copy);
    known = next;
  }
});

it('grows from facts that nobody asked about', () => {
  expect(indexOf(grown(facts.slice(0, 3), facts.slice(3)))).toEqual(indexOf(facts));
});
