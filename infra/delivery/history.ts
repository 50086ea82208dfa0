// What happened, fact by fact, in words. Pure.
import type { Fact, FactKind } from '../contract/fact.ts';
import type { Environment } from '../contract/stack.ts';
import { reasonOf } from '../contract/verification.ts';

export interface HistoryFilter {
  readonly environment?: Environment | undefined;
  readonly release?: string | undefined;
  readonly stack?: string | undefined;
  readonly kind?: FactKind | undefined;
  /** Only the newest so many. */
  readonly limit?: number | undefined;
}

export function historyOf(facts: readonly Fact[], filter: HistoryFilter): readonly Fact[] {
  const kept = facts.filter(
    (fact) =>
      (filter.kind === undefined || fact.kind === filter.kind) &&
      (filter.release === undefined || ('release' in fact && fact.release === filter.release)) &&
      (filter.stack === undefined || ('stack' in fact && fact.stack === filter.stack)) &&
      (filter.environment === undefined || ('environment' in fact && fact.environment === filter.environment)),
  );
  return filter.limit === undefined ? kept : kept.slice(-filter.limit);
}

/** One line: where, what, why. */
export function factInWords(fact: Fact): string {
  switch (fact.kind) {
    case 'release': {
      const { source, image } = fact.body.manifest;
      return `${fact.release} made from ${source.commit.slice(0, 12)}${source.dirty ? ' (dirty)' : ''}: ${image.digest}`;
    }
    case 'deployment': {
      const { state, seconds, reason } = fact.body;
      const took = seconds === undefined ? '' : ` after ${seconds.toFixed(1)} s`;
      return `${fact.stack}: ${fact.release} ${state}${took}${because(reason)}`;
    }
    case 'verification':
      return `${fact.stack}: ${fact.release} verification ${fact.body.outcome}${because(reasonOf(fact.body.checks))}`;
    case 'promotion': {
      const { promotion, state, reason, requestedBy } = fact.body;
      const who = state === 'prepared' ? ` for ${requestedBy}` : '';
      return `${fact.environment}: promotion ${promotion} of ${fact.release} ${state}${who}${because(reason)}`;
    }
    case 'approval':
      return `${fact.environment}: ${fact.body.approver} approved ${fact.body.promotion} of ${fact.release}${
        fact.body.breakGlass === undefined ? '' : `, BREAKING GLASS: ${fact.body.breakGlass}`
      }`;
    case 'rollback':
      return `${fact.environment}: rollback to ${fact.release}${because(fact.body.reason)}`;
    case 'superseded':
      return `${fact.environment}: promotion ${fact.body.promotion} of ${fact.release} superseded${because(fact.body.reason)}`;
    case 'removal':
      return `${fact.stack}: taken down, ran ${fact.body.replaced ?? 'nothing'}${because(fact.body.reason)}`;
    case 'hold':
      return `${fact.release} held${because(fact.body.reason)}`;
    case 'unhold':
      return `${fact.release} no longer held${because(fact.body.reason)}`;
    case 'freeze': {
      const until = fact.body.until === undefined ? '' : ` until ${fact.body.until}`;
      return `${fact.environment}: frozen${until}${because(fact.body.reason)}`;
    }
    case 'thaw':
      return `${fact.environment}: thawed${because(fact.body.reason)}`;
    case 'attestation':
      return `${fact.release} ${fact.body.attested ? `attested: ${fact.body.predicates.join(', ')}` : 'not attested'}: ${fact.body.note}`;
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}
