import { describe, expect, it } from 'vitest';
import {
  currentReleases,
  deploymentsOf,
  environmentHead,
  isSplit,
  isVerified,
  manifestOf,
  releases,
} from '../../ledger/view.ts';
import {
  approvalFact,
  deploymentFact,
  ledgerOf,
  promotionFact,
  releaseFact,
  releaseOf,
  removalFact,
  sampleManifest,
  verificationFact,
} from './sample-facts.ts';

describe('what a stack runs', () => {
  it.each([
    ['nothing before a deployment ended', [deploymentFact('gcp-dev', 1, 'updating')], undefined],
    ['the release that became healthy', [deploymentFact('gcp-dev', 1, 'healthy')], releaseOf(1)],
    [
      'the same release while the next one is tried',
      [deploymentFact('gcp-dev', 1, 'healthy'), deploymentFact('gcp-dev', 2, 'proving', 1)],
      releaseOf(1),
    ],
    [
      'the replaced release after a failed one was reverted',
      [
        deploymentFact('gcp-dev', 1, 'healthy'),
        deploymentFact('gcp-dev', 2, 'failed', 1),
        deploymentFact('gcp-dev', 2, 'reverted', 1),
      ],
      releaseOf(1),
    ],
    [
      'nothing after a first deployment was reverted',
      [deploymentFact('gcp-dev', 2, 'healthy'), deploymentFact('gcp-dev', 2, 'reverted', null)],
      undefined,
    ],
    [
      'nothing after it was taken down',
      [deploymentFact('gcp-dev', 1, 'healthy'), removalFact('gcp-dev', 1)],
      undefined,
    ],
    ['nothing of what other stacks run', [deploymentFact('aws-dev', 1, 'healthy')], undefined],
  ])('is %s', (_name, contents, expected) => {
    expect(currentReleases(ledgerOf(...contents)).get('gcp-dev')?.release).toBe(expected);
  });
});

it('is read again when an array of facts has grown since', () => {
  const facts = ledgerOf(deploymentFact('gcp-dev', 1, 'healthy'), deploymentFact('gcp-dev', 2, 'healthy'));
  const growing = facts.slice(0, 1);
  expect(currentReleases(growing).get('gcp-dev')?.release).toBe(releaseOf(1));
  growing.push(...facts.slice(1));
  expect(currentReleases(growing).get('gcp-dev')?.release).toBe(releaseOf(2));
});

describe('whether a release is verified on a stack', () => {
  it.each([
    ['not without a verification', [], false],
    ['when one passed', [verificationFact('gcp-dev', 1, 'passed')], true],
    ['not when it passed elsewhere', [verificationFact('aws-dev', 1, 'passed')], false],
    ['not when another release passed', [verificationFact('gcp-dev', 2, 'passed')], false],
    [
      'not when a later one failed',
      [verificationFact('gcp-dev', 1, 'passed', 1), verificationFact('gcp-dev', 1, 'failed', 2)],
      false,
    ],
    [
      'still when a later one could not tell',
      [verificationFact('gcp-dev', 1, 'passed', 1), verificationFact('gcp-dev', 1, 'errored', 2)],
      true,
    ],
    ['not when none could tell', [verificationFact('gcp-dev', 1, 'errored')], false],
  ])('%s', (_name, contents, expected) => {
    expect(isVerified(ledgerOf(...contents), releaseOf(1), 'gcp-dev')).toBe(expected);
  });
});

describe('the head of an environment', () => {
  const facts = ledgerOf(
    deploymentFact('gcp-prod', 1, 'healthy'),
    promotionFact('prod', 2, 'p2'),
    approvalFact('prod', 2, 'p2'),
    deploymentFact('gcp-dev', 3, 'healthy'),
    releaseFact(4),
  );

  it('is not moved by what happens in another environment', () => {
    expect(environmentHead(facts, 'prod')).toBe(facts[2]?.id);
    expect(environmentHead(facts, 'dev')).toBe(facts[3]?.id);
  });

  it('passes over the promotion that asks', () => {
    expect(environmentHead(facts, 'prod', 'p2')).toBe(facts[0]?.id);
    expect(environmentHead(facts, 'prod', 'p1')).toBe(facts[2]?.id);
  });

  it('is null where nothing happened', () => {
    expect(environmentHead([], 'prod')).toBeNull();
  });
});

describe('releases', () => {
  const facts = ledgerOf(releaseFact(1), deploymentFact('gcp-dev', 1, 'healthy'), releaseFact(2));

  it('are listed newest first', () => {
    expect(releases(facts).map((fact) => fact.release)).toEqual([releaseOf(2), releaseOf(1)]);
  });

  it('give their manifest', () => {
    expect(manifestOf(facts, releaseOf(1))).toEqual(sampleManifest(1));
  });

  it('are unknown with a suggestion', () => {
    const mistyped = `${releaseOf(1).slice(0, -1)}x`;
    expect(() => manifestOf(facts, mistyped)).toThrow(
      expect.objectContaining({ code: 'unknown-release', hint: `did you mean \`${releaseOf(1)}\`?` }),
    );
  });

  it('are refused when the manifest was edited', () => {
    const edited = facts.map((fact) =>
      fact.kind === 'release' && fact.release === releaseOf(1)
        ? {
            ...fact,
            body: { manifest: { ...sampleManifest(1), source: { ...sampleManifest(1).source, dirty: true } } },
          }
        : fact,
    );
    expect(() => manifestOf(edited, releaseOf(1))).toThrow(expect.objectContaining({ code: 'digest-mismatch' }));
  });
});

it('deployments of a stack come newest first', () => {
  const facts = ledgerOf(
    deploymentFact('gcp-dev', 1, 'updating'),
    deploymentFact('aws-dev', 1, 'updating'),
    deploymentFact('gcp-dev', 1, 'healthy'),
  );
  expect(deploymentsOf(facts, 'gcp-dev').map((fact) => fact.body.state)).toEqual(['healthy', 'updating']);
});

describe('an environment', () => {
  const stacks = ['aws-dev', 'gcp-dev', 'aws-prod', 'gcp-prod'];
  it.each([
    ['whole when nothing runs', [], false],
    [
      'whole when all run the same',
      [deploymentFact('aws-dev', 1, 'healthy'), deploymentFact('gcp-dev', 1, 'healthy')],
      false,
    ],
    [
      'split when they differ',
      [deploymentFact('aws-dev', 1, 'healthy'), deploymentFact('gcp-dev', 2, 'healthy')],
      true,
    ],
    ['split when only some run', [deploymentFact('aws-dev', 1, 'healthy')], true],
    ['whole when only the other one is split', [deploymentFact('aws-prod', 1, 'healthy')], false],
  ])('is %s', (_name, contents, expected) => {
    expect(isSplit(ledgerOf(...contents), 'dev', stacks)).toBe(expected);
  });

  it('of a single stack is never split', () => {
    expect(isSplit(ledgerOf(deploymentFact('gcp-dev', 1, 'healthy')), 'dev', ['gcp-dev', 'gcp-prod'])).toBe(false);
  });
});
