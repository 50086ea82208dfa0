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

/** Facts with others behind them, as a new array; what was looked up in the first ones is not looked up again. */
export function grown(facts: readonly Fact[], added: readonly Fact[]): readonly Fact[] {
  const all = [...facts, ...added];
  const known = indexes.get(facts);
  if (known?.facts !== facts.length) return all;
  const draft = copyOf(known.index);
  for (const fact of added) take(draft, fact, afresh);
  indexes.set(all, { facts: all.length, index: draft });
  return all;
}

/** An index that is still being made. */
type Draft = { -readonly [K in keyof LedgerIndex]: Open<LedgerIndex[K]> };
type Open<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : M;

type Keyed<T> = Map<string, readonly T[]>;

/** How a fact gets into a list. */
interface Putting {
  readonly newestFirst: <T>(list: readonly T[] | undefined, value: T) => readonly T[];
  readonly oldestFirst: <T>(list: readonly T[] | undefined, value: T) => readonly T[];
}

/** A list that somebody may hold stays as it is. */
const afresh: Putting = {
  newestFirst: (list = [], value) => [value, ...list],
  oldestFirst: (list = [], value) => [...list, value],
};

/** While nobody has seen the lists: at the end of each, which is turned round once all is read. */
const inPlace: Putting = { newestFirst: push, oldestFirst: push };

function push<T>(list: readonly T[] | undefined, value: T): readonly T[] {
  if (list === undefined) return [value];
  (list as T[]).push(value);
  return list;
}

function build(facts: readonly Fact[]): LedgerIndex {
  const draft = copyOf();
  for (const fact of facts) take(draft, fact, inPlace);
  const { deployments, changes, tries, verifications, approvals, environment } = draft;
  for (const lists of [deployments, changes, tries, verifications, approvals, environment]) {
    for (const list of lists.values()) (list as Fact[]).reverse();
  }
  (draft.releases as Fact[]).reverse();
  return draft;
}

function copyOf(from?: LedgerIndex): Draft {
  return {
    byId: new Map(from?.byId),
    releases: from?.releases ?? [],
    release: new Map(from?.release),
    deployments: new Map(from?.deployments),
    changes: new Map(from?.changes),
    tries: new Map(from?.tries),
    verifications: new Map(from?.verifications),
    current: new Map(from?.current),
    promotions: new Map(from?.promotions),
    prepared: new Map(from?.prepared),
    approvals: new Map(from?.approvals),
    holds: new Map(from?.holds),
    environment: new Map(from?.environment),
  };
}

function take(draft: Draft, fact: Fact, { newestFirst, oldestFirst }: Putting): void {
  const put = <T>(lists: Keyed<T>, key: string, value: T) => lists.set(key, newestFirst(lists.get(key), value));
  draft.byId.set(fact.id, fact);
  if ('environment' in fact) put(draft.environment, fact.environment, fact);
  switch (fact.kind) {
    case 'release':
      draft.releases = newestFirst(draft.releases, fact);
      draft.release.set(fact.release, fact);
      break;
    case 'deployment':
      put(draft.deployments, fact.stack, fact);
      put(draft.changes, fact.stack, fact);
      put(draft.tries, onStack(fact.stack, fact.release), fact);
      runOn(draft.current, fact);
      break;
    case 'removal':
      put(draft.changes, fact.stack, fact);
      draft.current.delete(fact.stack);
      break;
    case 'verification':
      put(draft.verifications, onStack(fact.stack, fact.release), fact);
      break;
    case 'promotion':
    case 'superseded':
    case 'approval':
      paper(draft, fact, oldestFirst);
      if (fact.kind === 'approval') put(draft.approvals, inEnvironment(fact.environment, fact.release), fact);
      break;
    case 'hold':
    case 'unhold':
      draft.holds.set(fact.release, fact);
      break;
  }
}

/** A promotion has a handful of papers. */
function paper(
  { promotions, prepared }: Draft,
  fact: FactOf<'promotion'> | FactOf<'superseded'> | FactOf<'approval'>,
  oldestFirst: Putting['oldestFirst'],
): void {
  const id = fact.body.promotion;
  const { states, approvals } = promotions.get(id) ?? { states: [], approvals: [] };
  promotions.set(
    id,
    fact.kind === 'approval' ? { states, approvals: [...approvals, fact] } : { states: [...states, fact], approvals },
  );
  if (fact.kind === 'promotion' && fact.body.state === 'prepared') {
    prepared.set(fact.environment, oldestFirst(prepared.get(fact.environment), fact));
  }
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
