// The DORA metrics of one environment, read from the ledger. Pure; what there is no data for is `null`, never a number.
import type { Fact, FactOf } from '../contract/fact.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { indexOf } from '../ledger/index-of.ts';

/** Some durations: how many, and their median in seconds; `null` for none. */
export interface Durations {
  readonly count: number;
  readonly medianSeconds: number | null;
}

/** Definitions: https://dora.dev/guides/dora-metrics/ */
export interface Metrics {
  readonly environment: Environment;
  readonly from: string;
  readonly to: string;
  /** Releases that became healthy on every stack for the first time; going back to one is no new change. `perWeek` needs a week of ledger. */
  readonly deployments: { readonly count: number; readonly perWeek: number | null };
  /** From the release being made to its first being healthy on every stack. Built from the pushed commit, it is made minutes after it. */
  readonly leadTime: Durations;
  /** Of the changes that ended: those where a deployment failed or was reverted, the promotion failed, or a rollback left them. */
  readonly changeFailRate: { readonly failed: number; readonly of: number; readonly rate: number | null };
  /** From a change's first failure to every stack running one proven release again. `open`: not restored yet. */
  readonly timeToRestore: Durations & { readonly open: number };
  /** From a promotion being prepared to its first approval. */
  readonly approvalWait: Durations;
}

export interface MetricsQuestion {
  readonly environment: Environment;
  /** The stacks of that environment that exist. */
  readonly stacks: readonly StackName[];
  /** Milliseconds since the epoch: what began earlier is left out. */
  readonly fromMs: number;
  readonly toMs: number;
}

const weekMs = 7 * 24 * 3_600_000;

export function metricsOf(facts: readonly Fact[], { environment, stacks, fromMs, toMs }: MetricsQuestion): Metrics {
  const within = (ms: number) => ms >= fromMs && ms <= toMs;
  const own = facts.filter((fact) => 'environment' in fact && fact.environment === environment && ms(fact) <= toMs);
  const story = storyOf(own, stacks);
  const arrivals = [...story.arrivals].filter(([, at]) => within(at));
  const made = indexOf(facts).release;
  const leads = arrivals.flatMap(([release, at]) => {
    const fact = made.get(release);
    return fact === undefined ? [] : [at - ms(fact)];
  });
  const changes = changesIn(own, story).filter(({ atMs }) => within(atMs));
  const failures = changes.flatMap(({ failedMs }) => failedMs ?? []);
  const ended = changes.filter(({ failedMs, succeeded }) => failedMs !== undefined || succeeded);
  const restored = failures.flatMap((failedMs) => {
    const at = story.whole.find((whole) => whole >= failedMs);
    return at === undefined ? [] : [at - failedMs];
  });
  const [first] = facts;
  const spanMs = toMs - Math.max(fromMs, first === undefined ? toMs : ms(first));
  return {
    environment,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    deployments: { count: arrivals.length, perWeek: spanMs < weekMs ? null : arrivals.length / (spanMs / weekMs) },
    leadTime: durations(leads),
    changeFailRate: {
      failed: failures.length,
      of: ended.length,
      rate: ended.length === 0 ? null : failures.length / ended.length,
    },
    timeToRestore: { ...durations(restored), open: failures.length - restored.length },
    approvalWait: durations(approvalWaits(own, within)),
  };
}

interface Story {
  /** When a release was first healthy on every stack. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** Every moment at which all stacks ran one release and none was bad. */
  readonly whole: readonly number[];
}

function storyOf(own: readonly Fact[], stacks: readonly StackName[]): Story {
  const runs = new Map<string, string>();
  const bad = new Set<string>();
  const arrivals = new Map<string, number>();
  const whole: number[] = [];
  for (const fact of own) {
    if (fact.kind !== 'deployment' && fact.kind !== 'removal') continue;
    const now = fact.kind === 'removal' ? null : runsAfter(fact);
    if (now === null) runs.delete(fact.stack);
    else if (now !== undefined) runs.set(fact.stack, now);
    if (now !== undefined) bad.delete(fact.stack);
    else if (fact.kind === 'deployment' && isFailure(fact)) bad.add(fact.stack);
    const one = stacks[0] === undefined ? undefined : runs.get(stacks[0]);
    if (one === undefined || bad.size > 0 || stacks.some((stack) => runs.get(stack) !== one)) continue;
    whole.push(ms(fact));
    if (fact.kind === 'deployment' && fact.body.state === 'healthy' && !arrivals.has(one)) arrivals.set(one, ms(fact));
  }
  return { arrivals, whole };
}

/** `null`: nothing; `undefined`: this word does not say. */
function runsAfter({ release, body }: FactOf<'deployment'>): string | null | undefined {
  return body.state === 'healthy' ? release : body.state === 'reverted' ? body.replaced : undefined;
}

function isFailure({ body: { state } }: FactOf<'deployment'>): boolean {
  return state === 'failed' || state === 'reverted' || state === 'revert-failed';
}

interface Change {
  readonly atMs: number;
  readonly failedMs: number | undefined;
  readonly succeeded: boolean;
}

/** A promotion that was started; where there are none, a release that is tried after another one. A rollback ends a change and is none. */
function changesIn(own: readonly Fact[], { arrivals }: Story): readonly Change[] {
  const promoted = own.some(({ kind }) => kind === 'promotion');
  const openings: { fact: Fact; at: number }[] = [];
  for (const [at, fact] of own.entries()) {
    const open = openings.at(-1)?.fact;
    const begins =
      fact.kind === 'rollback' ||
      (fact.kind === 'promotion' && fact.body.state === 'started') ||
      (!promoted && fact.kind === 'deployment' && (open === undefined || releaseIn(open) !== fact.release));
    if (begins) openings.push({ fact, at });
  }
  return openings.flatMap(({ fact, at }, index) => {
    if (fact.kind === 'rollback') return [];
    const next = openings[index + 1];
    const release = releaseIn(fact) ?? '';
    const segment = own.slice(at, next?.at);
    const gone = next?.fact.kind === 'rollback' && Object.values(next.fact.body.from).includes(release);
    const id = fact.kind === 'promotion' ? fact.body.promotion : undefined;
    const ends = own.filter((one) => one.kind === 'promotion' && one.body.promotion === id);
    const failed = [
      ...segment.filter((one) => one.kind === 'deployment' && one.release === release && isFailure(one)),
      ...ends.filter((one) => one.kind === 'promotion' && one.body.state === 'failed'),
      ...(gone && next !== undefined ? [next.fact] : []),
    ].map(ms);
    const arrived = arrivals.get(release);
    const until = next === undefined ? Number.POSITIVE_INFINITY : ms(next.fact);
    const succeeded =
      ends.some((one) => one.kind === 'promotion' && one.body.state === 'succeeded') ||
      (arrived !== undefined && arrived >= ms(fact) && arrived <= until);
    return [{ atMs: ms(fact), failedMs: failed.length === 0 ? undefined : Math.min(...failed), succeeded }];
  });
}

function releaseIn(fact: Fact): string | undefined {
  return 'release' in fact ? fact.release : undefined;
}

function approvalWaits(own: readonly Fact[], within: (ms: number) => boolean): readonly number[] {
  const prepared = new Map<string, number>();
  const waits = new Map<string, number>();
  for (const fact of own) {
    if (fact.kind === 'promotion' && fact.body.state === 'prepared') prepared.set(fact.body.promotion, ms(fact));
    if (fact.kind !== 'approval' || waits.has(fact.body.promotion) || !within(ms(fact))) continue;
    const since = prepared.get(fact.body.promotion);
    if (since !== undefined) waits.set(fact.body.promotion, ms(fact) - since);
  }
  return [...waits.values()];
}

function durations(milliseconds: readonly number[]): Durations {
  const sorted = milliseconds.map((one) => Math.max(0, one) / 1_000).sort((a, b) => a - b);
  const lower = sorted[(sorted.length - 1) >> 1];
  const upper = sorted[sorted.length >> 1];
  const median = lower === undefined || upper === undefined ? null : (lower + upper) / 2;
  return { count: sorted.length, medianSeconds: median };
}

function ms(fact: Fact): number {
  return Date.parse(fact.at);
}
