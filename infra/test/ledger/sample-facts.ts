// Facts to test with: the content of one, and a whole ledger's worth in its order.
import type { Fact, FactOf, NewFact } from '../../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import type { Environment } from '../../contract/stack.ts';
import { chainOn } from '../../ledger/chain.ts';

const at = '2026-11-21T12:00:00.000Z';
const actor = { login: 'ada', via: 'local' } as const;

export function sampleManifest(sequence: number): ReleaseManifest {
  const digest = `sha256:${sequence.toString(16).padStart(64, '0')}`;
  return {
    schema: 'trireme.release/1',
    sequence,
    source: { repository: 'wine', commit: 'a'.repeat(40), dirty: false, authors: ['ada <ada@example.org>'] },
    image: {
      name: 'trireme',
      digest,
      builder: 'layout',
      builderVersion: '1',
      platform: 'linux/amd64',
      size: 1,
      copies: [{ cloud: 'gcp', ref: `europe-west1-docker.pkg.dev/p/trireme/app@${digest}` }],
    },
    build: { buildId: 'bld-0123456789ab', node: '24.21.0', lockfile: digest },
    models: [{ name: 'wine', digest }],
    infra: { program: digest, stackConfigs: {} },
  };
}

export const releaseOf = (sequence: number): string => releaseIdOf(sampleManifest(sequence));

export function releaseFact(sequence: number): NewFact {
  return { kind: 'release', at, actor, release: releaseOf(sequence), body: { manifest: sampleManifest(sequence) } };
}

export function deploymentFact(
  stack: string,
  sequence: number,
  state: FactOf<'deployment'>['body']['state'],
  replaced: number | null = null,
  attempt = 'a1',
): NewFact {
  return {
    kind: 'deployment',
    at,
    actor,
    environment: stack.endsWith('-prod') ? 'prod' : 'dev',
    stack,
    release: releaseOf(sequence),
    body: { attempt, state, replaced: replaced === null ? null : releaseOf(replaced) },
  };
}

export function removalFact(stack: string, replaced: number | null): NewFact {
  return {
    kind: 'removal',
    at,
    actor,
    environment: stack.endsWith('-prod') ? 'prod' : 'dev',
    stack,
    body: { replaced: replaced === null ? null : releaseOf(replaced), reason: 'no longer needed' },
  };
}

export function verificationFact(
  stack: string,
  sequence: number,
  outcome: 'passed' | 'failed' | 'errored',
  second = 0,
): NewFact {
  return {
    kind: 'verification',
    at: `2026-11-21T12:00:${String(second).padStart(2, '0')}.000Z`,
    actor,
    environment: stack.endsWith('-prod') ? 'prod' : 'dev',
    stack,
    release: releaseOf(sequence),
    body: { outcome, checks: [] },
  };
}

export function approvalFact(environment: Environment, sequence: number, promotion: string): NewFact {
  return {
    kind: 'approval',
    at,
    actor,
    environment,
    release: releaseOf(sequence),
    body: {
      promotion,
      manifest: 'm',
      plans: {},
      previous: {},
      environmentHead: null,
      approver: 'grace',
      expires: at,
    },
  };
}

export function promotionFact(environment: Environment, sequence: number, promotion: string): NewFact {
  return {
    kind: 'promotion',
    at,
    actor,
    environment,
    release: releaseOf(sequence),
    body: { state: 'prepared', promotion, plans: {}, previous: {}, manifest: 'm', requestedBy: 'ada' },
  };
}

export function ledgerOf(...contents: NewFact[]): Fact[] {
  return chainOn([], contents);
}
