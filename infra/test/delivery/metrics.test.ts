import { describe, expect, it } from 'vitest';
import type { NewFact } from '../../contract/fact.ts';
import { metricsOf } from '../../delivery/metrics.ts';
import {
  approvalFact,
  deploymentFact,
  ledgerOf,
  promotionFact,
  releaseFact,
  releaseOf,
} from '../ledger/sample-facts.ts';

const dayMs = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00.000Z');
/** So many minutes after the first of January. */
const at = (minutes: number, fact: NewFact): NewFact => ({
  ...fact,
  at: new Date(start + minutes * 60_000).toISOString(),
});

const stacks = ['aws-prod', 'gcp-prod'] as const;
const question = { environment: 'prod', stacks, fromMs: start, toMs: start + 28 * dayMs } as const;

const release = (minutes: number, sequence: number) => at(minutes, releaseFact(sequence));
const promotion = (minutes: number, sequence: number, state: 'prepared' | 'started' | 'succeeded' | 'failed') => {
  const fact = promotionFact('prod', sequence, `p${sequence}`);
  return at(minutes, fact.kind === 'promotion' ? { ...fact, body: { ...fact.body, state } } : fact);
};
const approval = (minutes: number, sequence: number) => at(minutes, approvalFact('prod', sequence, `p${sequence}`));
const deployed = (
  minutes: number,
  stack: (typeof stacks)[number],
  sequence: number,
  state: 'updating' | 'healthy' | 'failed' | 'reverted',
  replaced: number | null = null,
) => at(minutes, deploymentFact(stack, sequence, state, replaced, `a${sequence}`));
const rollback = (minutes: number, to: number, from: Record<string, number>): NewFact => ({
  kind: 'rollback',
  at: new Date(start + minutes * 60_000).toISOString(),
  actor: { login: 'ada', via: 'local' },
  environment: 'prod',
  release: releaseOf(to),
  body: {
    from: Object.fromEntries(Object.entries(from).map(([stack, one]) => [stack, releaseOf(one)])),
    reason: 'it was bad',
  },
});
/** Made, prepared after 10 minutes, approved 30 later, live on both a minute and two minutes after that. */
const good = (minutes: number, sequence: number) => [
  release(minutes, sequence),
  promotion(minutes + 10, sequence, 'prepared'),
  approval(minutes + 40, sequence),
  promotion(minutes + 40, sequence, 'started'),
  deployed(minutes + 41, 'aws-prod', sequence, 'healthy'),
  deployed(minutes + 42, 'gcp-prod', sequence, 'healthy'),
  promotion(minutes + 42, sequence, 'succeeded'),
];

const none = { count: 0, medianSeconds: null };

describe('the metrics of an environment', () => {
  it('are no numbers where nothing happened', () => {
    expect(metricsOf([], question)).toMatchObject({
      deployments: { count: 0, perWeek: null },
      leadTime: none,
      changeFailRate: { failed: 0, of: 0, rate: null },
      timeToRestore: { ...none, open: 0 },
      approvalWait: none,
    });
  });

  it('of one release in four weeks', () => {
    expect(metricsOf(ledgerOf(...good(0, 1)), question)).toMatchObject({
      deployments: { count: 1, perWeek: 0.25 },
      leadTime: { count: 1, medianSeconds: 42 * 60 },
      changeFailRate: { failed: 0, of: 1, rate: 0 },
      timeToRestore: { ...none, open: 0 },
      approvalWait: { count: 1, medianSeconds: 30 * 60 },
    });
  });

  it('give no rate per week from less than a week', () => {
    const found = metricsOf(ledgerOf(...good(0, 1)), { ...question, toMs: start + 6 * dayMs });
    expect(found.deployments).toEqual({ count: 1, perWeek: null });
  });

  it('leave out what was before the span, and what came after it', () => {
    const facts = ledgerOf(...good(0, 1), ...good(2 * 1440, 2), ...good(30 * 1440, 3));
    const found = metricsOf(facts, { ...question, fromMs: start + dayMs });
    expect(found.deployments.count).toBe(1);
    expect(found.changeFailRate).toEqual({ failed: 0, of: 1, rate: 0 });
    expect(found.approvalWait.count).toBe(1);
  });

  it('take the mean of the middle two of an even number', () => {
    const slower = [...good(1000, 2).slice(0, 5), deployed(1000 + 62, 'gcp-prod', 2, 'healthy')];
    expect(metricsOf(ledgerOf(...good(0, 1), ...slower), question).leadTime).toEqual({
      count: 2,
      medianSeconds: 52 * 60,
    });
  });

  it('count a release on only some of the stacks neither as deployed nor as restored', () => {
    const split = [
      ...good(0, 1),
      release(100, 2),
      promotion(110, 2, 'prepared'),
      promotion(120, 2, 'started'),
      deployed(121, 'aws-prod', 2, 'healthy', 1),
      deployed(122, 'gcp-prod', 2, 'failed', 1),
      deployed(123, 'gcp-prod', 2, 'reverted', 1),
      promotion(124, 2, 'failed'),
    ];
    expect(metricsOf(ledgerOf(...split), question)).toMatchObject({
      deployments: { count: 1 },
      changeFailRate: { failed: 1, of: 2, rate: 0.5 },
      timeToRestore: { ...none, open: 1 },
    });
    const brought = [...split, rollback(130, 1, { 'aws-prod': 2 }), deployed(132, 'aws-prod', 1, 'healthy', 2)];
    expect(metricsOf(ledgerOf(...brought), question)).toMatchObject({
      deployments: { count: 1 },
      timeToRestore: { count: 1, medianSeconds: 10 * 60, open: 0 },
    });
  });

  it('count a promotion that a rollback left later as failed, from the rollback on', () => {
    const facts = ledgerOf(
      ...good(0, 1),
      ...good(100, 2),
      rollback(500, 1, { 'aws-prod': 2, 'gcp-prod': 2 }),
      deployed(503, 'aws-prod', 1, 'healthy', 2),
      deployed(505, 'gcp-prod', 1, 'healthy', 2),
    );
    expect(metricsOf(facts, question)).toMatchObject({
      deployments: { count: 2 },
      changeFailRate: { failed: 1, of: 2, rate: 0.5 },
      timeToRestore: { count: 1, medianSeconds: 5 * 60, open: 0 },
    });
  });

  it('count a rollback during a promotion once', () => {
    const facts = ledgerOf(
      ...good(0, 1),
      release(100, 2),
      promotion(110, 2, 'prepared'),
      promotion(120, 2, 'started'),
      deployed(121, 'aws-prod', 2, 'healthy', 1),
      rollback(125, 1, { 'aws-prod': 2, 'gcp-prod': 1 }),
      deployed(127, 'aws-prod', 1, 'healthy', 2),
      promotion(128, 2, 'failed'),
    );
    expect(metricsOf(facts, question)).toMatchObject({
      deployments: { count: 1 },
      changeFailRate: { failed: 1, of: 2, rate: 0.5 },
      timeToRestore: { count: 1, medianSeconds: 2 * 60, open: 0 },
    });
  });

  it('do not judge a promotion that has not ended', () => {
    const facts = ledgerOf(...good(0, 1), release(100, 2), promotion(110, 2, 'prepared'), promotion(120, 2, 'started'));
    expect(metricsOf(facts, question).changeFailRate).toEqual({ failed: 0, of: 1, rate: 0 });
  });

  it('of an environment without promotions take each release that is tried as a change', () => {
    const facts = ledgerOf(
      release(0, 1),
      at(5, deploymentFact('gcp-dev', 1, 'healthy')),
      release(10, 2),
      at(15, deploymentFact('gcp-dev', 2, 'failed', 1)),
      at(18, deploymentFact('gcp-dev', 2, 'reverted', 1)),
    );
    expect(metricsOf(facts, { ...question, environment: 'dev', stacks: ['gcp-dev'] })).toMatchObject({
      deployments: { count: 1 },
      leadTime: { count: 1, medianSeconds: 300 },
      changeFailRate: { failed: 1, of: 2, rate: 0.5 },
      timeToRestore: { count: 1, medianSeconds: 180, open: 0 },
      approvalWait: none,
    });
  });
});
