// One try to put one release on one stack: what it knows, and the facts it leaves.
import { DeliveryError } from '../contract/errors.ts';
import type { DeploymentState, Fact, FactOf, NewFact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import { type Outcome, outcomeOf } from '../contract/verification.ts';
import {
  type Delivery,
  persist,
  type Road,
  type StackOutcome,
  stamp,
  type Target,
  worthAnotherTry,
} from './delivery.ts';
import { overtaking } from './environment-state.ts';
import type { Verified } from './verification.ts';

export interface Attempt {
  readonly delivery: Delivery;
  readonly target: Target;
  readonly manifest: ReleaseManifest;
  readonly attempt: string;
  readonly road: Road;
  /** What the stack goes back to when this fails; absent on a first deployment, or when the ledger does not know it. */
  readonly replaced: ReleaseManifest | undefined;
  /** What the stack's outputs said before. */
  readonly before: DeployedService | undefined;
  readonly startedMs: number;
  /** Whether this process told the cloud to change anything; the ledger may not have heard of it. One object, however often the attempt is copied. */
  readonly cloud: {
    touched: boolean;
    /** Whether its candidate may have a share of the traffic while what was live is still in its place. */
    sharing?: boolean;
  };
  readonly signal: AbortSignal | undefined;
}

/** What a stage came to. */
export interface Proof extends Verified {
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly service?: DeployedService | undefined;
}

/** Another attempt has the stack now: this one stops where it is. */
export class GivesWay extends DeliveryError {
  /** What has the stack now, in words; `undefined` where a rule stopped this attempt. */
  readonly by: string | undefined;

  constructor(why: string, by?: string) {
    super('refused', why);
    this.by = by;
  }
}

/** With these nothing was begun. Any other may have come in the middle: a full disk, say, stops an update half-way. */
export const beforeAnything: ReadonlySet<string> = new Set(['refused', 'config-invalid', 'cli-missing']);

/**
 * The last fact of the attempt, and its outcome. Only the newest attempt may say what the stack runs: one that was overtaken ends as `skipped`.
 * A ledger that can't be written makes it `unknown`, whatever was found: nobody else will hear of it.
 * @param by what overtook it, where that is known already.
 */
export async function settle(
  attempt: Attempt,
  wanted: DeploymentState,
  proof: Proof,
  reason?: string,
  by?: string,
): Promise<StackOutcome> {
  const { delivery, target, manifest, replaced, startedMs, cloud } = attempt;
  let other = by;
  const seconds = (delivery.clock.now() - startedMs) / 1000;
  const { service, checks, predictions } = proof;
  const own = stamp(delivery);
  let ended: { state: DeploymentState; reason: string | undefined } = { state: wanted, reason };
  try {
    await persist(delivery, (facts) => {
      const name = target.stack.name;
      const by = saysWhatRuns.has(wanted) ? overtaking(facts, name, attempt.attempt) : undefined;
      const given = spoke(facts, attempt) ? 'skipped' : 'unknown';
      ended =
        by === undefined
          ? { state: wanted === 'skipped' && cloud.touched ? given : wanted, reason }
          : { state: given, reason: `${wanted}, but overtaken by ${by}` };
      other = by ?? other;
      const { endpoint, revision } = service ?? {};
      const found = ended.state === 'healthy' && endpoint !== undefined ? { endpoint, revision } : {};
      return [{ ...deploymentFact(attempt, ended.state, { seconds, reason: ended.reason, ...found }), ...own }];
    });
  } catch (error) {
    if (!isPassing(error)) throw error;
    const state = wanted === 'skipped' && !cloud.touched ? wanted : 'unknown';
    ended = { state, reason: `${wanted}${because(reason)}, but the ledger could not be written: ${error.message}` };
  }
  const { state } = ended;
  say(attempt, `${state} after ${seconds.toFixed(1)} s${because(ended.reason)}`);
  const earlier = replaced === undefined ? null : releaseIdOf(replaced);
  const leavesEarlier = state === 'reverted' || (state === 'skipped' && !cloud.touched);
  return {
    stack: target.stack.name,
    state,
    seconds,
    checks,
    runs: state === 'healthy' ? releaseIdOf(manifest) : leavesEarlier ? earlier : null,
    ...(ended.reason === undefined ? {} : { reason: ended.reason }),
    ...(service === undefined ? {} : { endpoint: service.endpoint }),
    ...(predictions === undefined ? {} : { predictions }),
    ...(other === undefined ? {} : { overtaken: { by: other, touched: cloud.touched } }),
  };
}

const saysWhatRuns: ReadonlySet<DeploymentState> = new Set(['healthy', 'reverted']);

/** Without its `proving`, `skipped` would be read as an attempt that touched nothing. */
function spoke(facts: readonly Fact[], { attempt }: Attempt): boolean {
  return facts.some(
    (fact) => fact.kind === 'deployment' && fact.body.attempt === attempt && fact.body.state === 'proving',
  );
}

/** A word on the way. The ledger out of reach for a moment is no reason to leave a stack half-way: the last word says how it ended. */
export async function note(attempt: Attempt, state: DeploymentState, more: More = {}): Promise<void> {
  await goingOn(attempt, () => persist(attempt.delivery, once(deploymentFact(attempt, state, more))));
}

type More = Partial<Omit<FactOf<'deployment'>['body'], 'reason' | 'revision' | 'sharePercent'>> & {
  reason?: string | undefined;
  revision?: string | undefined;
  sharePercent?: number | undefined;
};

export function deploymentFact(attempt: Attempt, state: DeploymentState, more: More = {}): NewFact {
  const { delivery, target, manifest, replaced } = attempt;
  const { reason, revision, sharePercent, ...rest } = more;
  return {
    ...stamp(delivery),
    kind: 'deployment',
    environment: target.stack.environment,
    stack: target.stack.name,
    release: releaseIdOf(manifest),
    body: {
      attempt: attempt.attempt,
      state,
      replaced: replaced === undefined ? null : releaseIdOf(replaced),
      ...rest,
      ...(sharePercent === undefined ? {} : { sharePercent }),
      ...(revision === undefined ? {} : { revision }),
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

/** What was found within an attempt; as `note`, it stops nothing. */
export async function noteProof(
  attempt: Attempt,
  manifest: ReleaseManifest,
  proof: Pick<Verified, 'checks'>,
): Promise<void> {
  const { delivery, target } = attempt;
  await goingOn(attempt, () => noteVerification(delivery, target, manifest, proof));
}

export async function noteVerification(
  delivery: Pick<Delivery, 'ledger' | 'clock' | 'actor'>,
  target: Pick<Target, 'stack'>,
  manifest: ReleaseManifest,
  { checks }: Pick<Verified, 'checks'>,
): Promise<void> {
  await persist(
    delivery,
    once({
      ...stamp(delivery),
      kind: 'verification',
      environment: target.stack.environment,
      stack: target.stack.name,
      release: releaseIdOf(manifest),
      body: { outcome: outcomeOf(checks), checks: [...checks] },
    }),
  );
}

export function say({ delivery, target }: Pick<Attempt, 'delivery' | 'target'>, message: string): void {
  delivery.report({ stack: target.stack.name, message });
}

/** An error that another try may not meet. */
export function isPassing(error: unknown): error is DeliveryError {
  return error instanceof DeliveryError && worthAnotherTry.has(error.code);
}

async function goingOn(attempt: Attempt, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isPassing(error)) throw error;
    say(attempt, `the ledger could not be written (${error.message}); going on`);
  }
}

function once(fact: NewFact): (facts: readonly Fact[]) => readonly NewFact[] {
  return () => [fact];
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}
