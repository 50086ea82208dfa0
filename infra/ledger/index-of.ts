// Facts looked up instead of searched: one pass over a ledger, made once for an array of facts and kept as long as it is.
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Environment } from '../contract/stack.ts';

/** What a stack runs, by the last deployment that ended in something known to run. */
export interface CurrentRelease {
  readonly release: string;
  readonly at: string;
  readonly state: 'healthy' | 'reverted';
  readonly environment: Environment;
  readonly endpoint?: string;
  readonly revision?: string;
}

/** The papers of one promotion, each list oldest first. */
export interface PromotionFacts {
  readonly states: readonly (FactOf<'promotion'> | FactOf<'superseded'>)[];
  readonly approvals: readonly FactOf<'approval'>[];
}

/** Every list is newest first, unless it says otherwise. */
export interface LedgerIndex {
  readonly byId: ReadonlyMap<string, Fact>;
  readonly releases: readonly FactOf<'release'>[];
  /** By release id; the newest, should one be there twice. */
  readonly release: ReadonlyMap<string, FactOf<'release'>>;
  /** By stack. */
  readonly deployments: ReadonlyMap<string, readonly FactOf<'deployment'>[]>;
  /** By stack: what was put there and what was taken down. */
  readonly changes: ReadonlyMap<string, readonly (FactOf<'deployment'> | FactOf<'removal'>)[]>;
  /** By `onStack`: the deployments of one release there. */
  readonly tries: ReadonlyMap<string, readonly FactOf<'deployment'>[]>;
  /** By `onStack`. */
  readonly verifications: ReadonlyMap<string, readonly FactOf<'verification'>[]>;
  /** By stack; a stack that runs nothing is absent. */
  readonly current: ReadonlyMap<string, CurrentRelease>;
  /** By promotion id. */
  readonly promotions: ReadonlyMap<string, PromotionFacts>;
  /** Those that prepared a promotion, oldest first, by environment. */
  readonly prepared: ReadonlyMap<string, readonly FactOf<'promotion'>[]>;
  /** By `inEnvironment`. */
  readonly approvals: ReadonlyMap<string, readonly FactOf<'approval'>[]>;
  /** By release: the newest word on whether it is held. */
  readonly holds: ReadonlyMap<string, FactOf<'hold'> | FactOf<'unhold'>>;
  /** Everything about one environment, by its name. */
  readonly environment: ReadonlyMap<string, readonly Fact[]>;
}

/** The key of one release on one stack. */
export function onStack(stack: string, release: string): string {
  return `${stack} ${release}`;
}

/** The key of one release in one environment. */
export function inEnvironment(environment: string, release: string): string {
  return `${environment} ${release}`;
}

const indexes = new WeakMap<readonly Fact[], { readonly facts: number; readonly index: LedgerIndex }>();

/** An array that has grown since it was asked about is read again. */
export function indexOf(facts: readonly Fact[]): LedgerIndex {
  const known = indexes.get(facts);
  if (known !== undefined && known.facts === facts.length) return known.index;
  const index = build(facts);
  indexes.set(facts, { facts: facts.length, index });
  return index;
}

function build(facts: readonly Fact[]): LedgerIndex {
  const byId = new Map<string, Fact>();
  const releases: FactOf<'release'>[] = [];
  const release = new Map<string, FactOf<'release'>>();
  const deployments = new Map<string, FactOf<'deployment'>[]>();
  const changes = new Map<string, (FactOf<'deployment'> | FactOf<'removal'>)[]>();
  const tries = new Map<string, FactOf<'deployment'>[]>();
  const verifications = new Map<string, FactOf<'verification'>[]>();
  const current = new Map<string, CurrentRelease>();
  const states = new Map<string, (FactOf<'promotion'> | FactOf<'superseded'>)[]>();
  const approvalsOf = new Map<string, FactOf<'approval'>[]>();
  const prepared = new Map<string, FactOf<'promotion'>[]>();
  const approvals = new Map<string, FactOf<'approval'>[]>();
  const holds = new Map<string, FactOf<'hold'> | FactOf<'unhold'>>();
  const environment = new Map<string, Fact[]>();
  for (const fact of facts) {
    byId.set(fact.id, fact);
    if ('environment' in fact) put(environment, fact.environment, fact);
    switch (fact.kind) {
      case 'release':
        releases.push(fact);
        release.set(fact.release, fact);
        break;
      case 'deployment':
        put(deployments, fact.stack, fact);
        put(changes, fact.stack, fact);
        put(tries, onStack(fact.stack, fact.release), fact);
        runOn(current, fact);
        break;
      case 'removal':
        put(changes, fact.stack, fact);
        current.delete(fact.stack);
        break;
      case 'verification':
        put(verifications, onStack(fact.stack, fact.release), fact);
        break;
      case 'promotion':
        put(states, fact.body.promotion, fact);
        if (fact.body.state === 'prepared') put(prepared, fact.environment, fact);
        break;
      case 'hold':
      case 'unhold':
        holds.set(fact.release, fact);
        break;
      case 'superseded':
        put(states, fact.body.promotion, fact);
        break;
      case 'approval':
        put(approvalsOf, fact.body.promotion, fact);
        put(approvals, inEnvironment(fact.environment, fact.release), fact);
        break;
    }
  }
  for (const lists of [deployments, changes, tries, verifications, approvals, environment]) {
    for (const list of lists.values()) list.reverse();
  }
  const ids = new Set([...states.keys(), ...approvalsOf.keys()]);
  const promotions = new Map(
    [...ids].map((id) => [id, { states: states.get(id) ?? [], approvals: approvalsOf.get(id) ?? [] }]),
  );
  return {
    byId,
    releases: releases.reverse(),
    release,
    deployments,
    changes,
    tries,
    verifications,
    current,
    promotions,
    prepared,
    approvals,
    holds,
    environment,
  };
}

/** `healthy` runs the fact's release; `reverted` runs the one it had replaced, or nothing. */
function runOn(current: Map<string, CurrentRelease>, fact: FactOf<'deployment'>): void {
  const { state, replaced, endpoint, revision } = fact.body;
  if (state !== 'healthy' && state !== 'reverted') return;
  const release = state === 'healthy' ? fact.release : replaced;
  if (release === null) {
    current.delete(fact.stack);
    return;
  }
  current.set(fact.stack, {
    release,
    at: fact.at,
    state,
    environment: fact.environment,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(revision === undefined ? {} : { revision }),
  });
}

function put<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
