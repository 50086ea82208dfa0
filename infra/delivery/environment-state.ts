// What an environment runs, as far as the ledger can tell: a lost job is unknown, never a success; stacks that differ are a split. Pure.
import type { DeploymentState, Fact, FactOf } from '../contract/fact.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { indexOf } from '../ledger/index-of.ts';
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
  const look =
    state.kind === 'unknown' ? `find out what runs (npx trireme recover --environment ${state.environment}), ` : '';
  const way = `${look}bring it together first (the same release again, or npx trireme rollback --environment ${state.environment}), or say why not: --override "<reason>"`;
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

/**
 * The attempt that began last decides, whoever spoke last: an update of one that was overtaken can't come after (`RunOptions.guard`).
 * @param nowMs milliseconds since the epoch; without it every attempt that has not ended counts as under way.
 */
export function stackTruth(facts: readonly Fact[], stack: StackName, nowMs?: number): StackTruth {
  const last = attemptsOn(facts, stack).findLast((one) => one.touched || one.under);
  if (last === undefined || last.word.kind === 'removal') {
    const since = last?.word.at ?? null;
    return { stack, knows: 'nothing', runs: null, tried: null, attempt: null, state: null, since };
  }
  const { word } = last;
  const { state, attempt } = word.body;
  return { stack, tried: word.release, attempt, state, since: word.at, ...judged(facts, word, nowMs) };
}

/**
 * What took the stack since an attempt began: another attempt that did not end without touching it, or its removal. In words, for people.
 * An attempt of which there is no fact was not overtaken.
 */
export function overtaking(facts: readonly Fact[], stack: StackName, attempt: string): string | undefined {
  const all = attemptsOn(facts, stack);
  const own = all.findIndex((one) => one.attempt === attempt);
  const other = own === -1 ? undefined : all.slice(own + 1).findLast((one) => one.touched || one.under);
  if (other === undefined) return undefined;
  return other.word.kind === 'removal' ? `its removal at ${other.word.at}` : `${other.word.release} (${other.word.at})`;
}

interface AttemptOn {
  readonly attempt: string;
  readonly word: FactOf<'deployment'> | FactOf<'removal'>;
  /** It may still touch the stack. */
  readonly under: boolean;
  /** It may have changed what runs: all but one that was skipped before it had anything to prove. */
  readonly touched: boolean;
}

/** In the order in which they began, each with its newest word. */
function attemptsOn(facts: readonly Fact[], stack: StackName): readonly AttemptOn[] {
  const changes = indexOf(facts).changes.get(stack);
  if (changes === undefined) return [];
  const known = attemptsIn.get(changes);
  if (known !== undefined) return known;
  const attempts = new Map<string, AttemptOn>();
  for (const word of [...changes].reverse()) {
    if (word.kind === 'removal') {
      attempts.set(word.id, { attempt: word.id, word, under: false, touched: true });
      continue;
    }
    const { attempt, state } = word.body;
    if (attempt === parityAttempt) continue;
    const before = attempts.get(attempt);
    const touched = before?.touched === true || (state !== 'updating' && state !== 'skipped');
    attempts.set(attempt, { attempt, word, under: !hasEnded(word), touched });
  }
  const all = [...attempts.values()];
  attemptsIn.set(changes, all);
  return all;
}

/** The index makes a new list when there are new facts. */
const attemptsIn = new WeakMap<object, readonly AttemptOn[]>();

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
    const what = `${stateInWords(body)} ${release} since ${last.at}`;
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
      return body.replaced === null
        ? { knows: 'nothing', runs: null }
        : unknown(`is unknown: ${release} failed and was left${because}`);
    case 'skipped':
      return unknown(`is unknown: ${release} gave way${because}`);
    default:
      return unknown(`is unknown: ${body.state} with ${release}${because}`);
  }
}

/** The stage says more than the state while some of the traffic is the candidate's. */
export function stateInWords({ state, stage, sharePercent }: FactOf<'deployment'>['body']): string {
  return stage === 'share' ? `${state} at ${sharePercent} % of the traffic` : state;
}

function isAbout(fact: Fact, stack: StackName | string, release: string): boolean {
  return (
    (fact.kind === 'deployment' || fact.kind === 'verification') && fact.stack === stack && fact.release === release
  );
}
