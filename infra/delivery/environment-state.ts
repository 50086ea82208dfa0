// What an environment runs, as far as the ledger can tell: a lost job is unknown, never a success; stacks that differ are a split. Pure.
import type { DeploymentState, Fact, FactOf } from '../contract/fact.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { longestSilenceMs } from './promotion-state.ts';

/** What is known of one stack. */
export interface StackTruth {
  readonly stack: StackName;
  /**
   * `release`: it runs `runs`. `nothing`: nothing good runs there; never deployed, taken down, or a first deployment that failed.
   * `under-way`: an attempt has begun and spoke lately. `unknown`: nobody can tell.
   */
  readonly knows: 'release' | 'nothing' | 'under-way' | 'unknown';
  readonly runs: string | null;
  /** The release of the newest attempt that touched it, however that ended. */
  readonly tried: string | null;
  readonly attempt: string | null;
  /** That attempt's newest word; `null` before the first and after a removal. A lost job's word is not to be believed: see `knows`. */
  readonly state: DeploymentState | null;
  /** When that word was said, RFC 3339. */
  readonly since: string | null;
  /** One line, where `knows` is `under-way` or `unknown`. */
  readonly why?: string;
}

export interface EnvironmentState {
  readonly environment: Environment;
  /** `none`: no stack runs anything. `consistent`: all run the same release. `unknown` wins over `split`. */
  readonly kind: 'none' | 'consistent' | 'split' | 'unknown';
  /** What all of them run; only where consistent. */
  readonly release?: string;
  readonly stacks: readonly StackTruth[];
}

/** @param stacks those that exist, of every environment. @param nowMs milliseconds since the epoch. */
export function environmentState(
  facts: readonly Fact[],
  environment: Environment,
  stacks: readonly StackName[],
  nowMs: number,
): EnvironmentState {
  const own = stacks
    .filter((stack) => stack.endsWith(`-${environment}`))
    .map((stack) => stackTruth(facts, stack, nowMs));
  const common = { environment, stacks: own };
  if (own.some(({ knows }) => knows === 'unknown' || knows === 'under-way')) return { ...common, kind: 'unknown' };
  const [first, ...others] = new Set(own.map(({ runs }) => runs));
  if (others.length > 0) return { ...common, kind: 'split' };
  return first === undefined || first === null
    ? { ...common, kind: 'none' }
    : { ...common, kind: 'consistent', release: first };
}

/**
 * Why that release may not be promoted into an environment that is split or unknown; `undefined` when it may: it brings the environment
 * together (it is what some stack runs or was last given), or somebody said why it may all the same. Rolling back never asks.
 */
export function entryFault(
  state: EnvironmentState,
  { release, override }: { readonly release: string; readonly override?: string | undefined },
): string | undefined {
  if (state.kind === 'none' || state.kind === 'consistent' || override !== undefined) return undefined;
  if (state.stacks.some(({ runs, tried }) => runs === release || tried === release)) return undefined;
  const way = `bring it together first (the same release again, or npx trireme rollback --environment ${state.environment}), or say why not: --override "<reason>"`;
  return `${environmentInWords(state)}: ${way}`;
}

/** One line: `prod is split: aws-prod runs rel-2-…, gcp-prod runs rel-1-…`. */
export function environmentInWords({ environment, kind, release, stacks }: EnvironmentState): string {
  switch (kind) {
    case 'none':
      return `${environment} runs nothing`;
    case 'consistent':
      return `${environment} runs ${release}`;
    case 'split':
      return `${environment} is split: ${stacks.map(truthInWords).join(', ')}`;
    case 'unknown':
      return `what ${environment} runs is unknown: ${stacks.map(truthInWords).join(', ')}`;
  }
}

function truthInWords({ stack, runs, knows, why }: StackTruth): string {
  return knows === 'release'
    ? `${stack} runs ${runs}`
    : knows === 'nothing'
      ? `${stack} runs nothing`
      : `${stack} ${why}`;
}

/** @param nowMs milliseconds since the epoch; without it every attempt that has not ended counts as under way. */
export function stackTruth(facts: readonly Fact[], stack: StackName, nowMs?: number): StackTruth {
  const words = facts.filter(
    (fact): fact is Word => (fact.kind === 'deployment' || fact.kind === 'removal') && fact.stack === stack,
  );
  const last = words.findLast((word) => word.kind === 'removal' || !wasSkipped(words, word.body.attempt));
  if (last === undefined || last.kind === 'removal') {
    const since = last?.at ?? null;
    return { stack, knows: 'nothing', runs: null, tried: null, attempt: null, state: null, since };
  }
  const { state, attempt } = last.body;
  return { stack, tried: last.release, attempt, state, since: last.at, ...judged(facts, last, nowMs) };
}

type Word = FactOf<'deployment'> | FactOf<'removal'>;

/** It touched nothing, or gave way to another attempt: what was there before, or came between, stands. */
function wasSkipped(words: readonly Word[], attempt: string): boolean {
  const last = words.findLast((word) => word.kind === 'deployment' && word.body.attempt === attempt);
  return last?.kind === 'deployment' && last.body.state === 'skipped';
}

/** An attempt has ended once its time was taken; `failed` alone may be the word before going back. */
export function hasEnded({ body: { state, seconds, attempt } }: FactOf<'deployment'>): boolean {
  if (state === 'updating' || state === 'proving') return false;
  return state !== 'failed' || seconds !== undefined || attempt === parityAttempt;
}

/** Attempts of that name touch nothing: they say that a release which stays live answers otherwise than its siblings. */
export const parityAttempt = 'parity';

function judged(
  facts: readonly Fact[],
  last: FactOf<'deployment'>,
  nowMs: number | undefined,
): Pick<StackTruth, 'knows' | 'runs' | 'why'> {
  const { body, release, stack } = last;
  const unknown = (why: string) => ({ knows: 'unknown', runs: null, why }) as const;
  if (!hasEnded(last)) {
    const heardMs = Math.max(
      ...facts.filter((fact) => isAbout(fact, stack, release)).map((fact) => Date.parse(fact.at)),
    );
    const lost = nowMs !== undefined && nowMs - heardMs > longestSilenceMs;
    const what = `${body.state} ${release} since ${last.at}`;
    return lost
      ? unknown(`is unknown: its job was lost (${what}, and not a word more)`)
      : { knows: 'under-way', runs: null, why: `is under way (${what})` };
  }
  const because = body.reason === undefined ? '' : ` (${body.reason})`;
  switch (body.state) {
    case 'healthy':
      return { knows: 'release', runs: release };
    case 'reverted':
      return body.replaced === null ? { knows: 'nothing', runs: null } : { knows: 'release', runs: body.replaced };
    case 'failed':
      if (body.attempt === parityAttempt) return { knows: 'release', runs: release };
      return body.replaced === null
        ? { knows: 'nothing', runs: null }
        : unknown(`is unknown: ${release} failed and was left${because}`);
    default:
      return unknown(`is unknown: ${body.state} with ${release}${because}`);
  }
}

function isAbout(fact: Fact, stack: StackName | string, release: string): boolean {
  return (
    (fact.kind === 'deployment' || fact.kind === 'verification') && fact.stack === stack && fact.release === release
  );
}
