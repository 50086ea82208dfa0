// The ledger read once for all pages: what each needs, looked up instead of searched, so that ten thousand facts stay fast. Pure.
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Environment } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';
import { type EnvironmentState, environmentState } from '../delivery/environment-state.ts';
import type { Policy } from '../delivery/policy.ts';
import { isStale, type PromotionState, promotionState, staleSince } from '../delivery/promotion-state.ts';
import { type StatusCell, type StatusTable, statusTable } from '../delivery/status.ts';
import { holdOn } from '../delivery/stop-order.ts';
import { indexOf, inEnvironment, type LedgerIndex, onStack } from '../ledger/index-of.ts';

/** A number that a model's own document states, with its interval. */
export interface ModelFigure {
  readonly name: string;
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

export interface PageInput {
  readonly facts: readonly Fact[];
  /** The stack files present. */
  readonly stacks: readonly Target[];
  readonly policy: Policy;
  /** By stack, the release its own outputs name; empty when they were not read. */
  readonly deployed: Readonly<Record<string, string | null>>;
  /** When the page is made: milliseconds since the epoch. */
  readonly nowMs: number;
  /** Where the ledger is, for people. */
  readonly ledger: string;
  /** What models say of themselves, by digest. */
  readonly models?: ReadonlyMap<string, readonly ModelFigure[]>;
}

/** A promotion from its preparation to its end. */
export interface PromotionStory {
  readonly prepared: FactOf<'promotion'>;
  readonly approvals: readonly FactOf<'approval'>[];
  readonly state: PromotionState;
  /** RFC 3339; set while it waits and was prepared too long ago to be approved or started. */
  readonly staleSince: string | undefined;
  /** Why it ended as it did, where that was said. */
  readonly reason: string | undefined;
}

export interface Book extends PageInput {
  readonly index: LedgerIndex;
  readonly table: StatusTable;
  readonly environments: readonly EnvironmentState[];
  /** Everything that names a release, oldest first. */
  readonly byRelease: ReadonlyMap<string, readonly Fact[]>;
  /** By `onStack`. */
  readonly cells: ReadonlyMap<string, StatusCell>;
}

export function openBook(input: PageInput): Book {
  const { facts, stacks, deployed, nowMs, policy } = input;
  const table = statusTable(facts, stacks, deployed, nowMs, policy);
  const names = stacks.map(({ stack }) => stack.name);
  const byRelease = new Map<string, Fact[]>();
  for (const fact of facts) {
    if (!('release' in fact)) continue;
    const known = byRelease.get(fact.release);
    if (known === undefined) byRelease.set(fact.release, [fact]);
    else known.push(fact);
  }
  return {
    ...input,
    index: indexOf(facts),
    table,
    environments: table.environments.map(({ environment }) => environmentState(facts, environment, names, nowMs)),
    byRelease,
    cells: new Map(
      table.releases.flatMap(({ release, cells }) =>
        cells.map((cell) => [onStack(cell.stack, release), cell] as const),
      ),
    ),
  };
}

export function factsOf({ byRelease }: Book, release: string): readonly Fact[] {
  return byRelease.get(release) ?? [];
}

/** The promotions of a release, newest first. */
export function promotionsOf(book: Book, release: string): readonly PromotionStory[] {
  return factsOf(book, release)
    .filter((fact): fact is FactOf<'promotion'> => fact.kind === 'promotion' && fact.body.state === 'prepared')
    .map((prepared) => storyOf(book, prepared))
    .reverse();
}

export function storyOf({ facts, index, policy, nowMs }: Book, prepared: FactOf<'promotion'>): PromotionStory {
  const id = prepared.body.promotion;
  const papers = index.promotions.get(id);
  const state = promotionState(facts, id);
  return {
    prepared,
    approvals: papers?.approvals ?? [],
    state,
    staleSince: state === 'prepared' && isStale(prepared, policy, nowMs) ? staleSince(prepared, policy) : undefined,
    reason: papers?.states.at(-1)?.body.reason,
  };
}

export function holdOf(book: Book, release: string): FactOf<'hold'> | undefined {
  return holdOn(factsOf(book, release), release);
}

/** The newest emergency approval under which that release entered, or may enter, the environment. */
export function brokenGlass(
  { index }: Pick<Book, 'index'>,
  release: string,
  environment: Environment,
): FactOf<'approval'> | undefined {
  const approvals = index.approvals.get(inEnvironment(environment, release)) ?? [];
  return approvals.find(({ body }) => body.breakGlass !== undefined);
}
