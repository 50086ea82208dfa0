// One try to put one release on one stack: what it knows, and the facts it leaves.
import type { DeploymentState, FactOf } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import { type Outcome, outcomeOf } from '../contract/verification.ts';
import { type Delivery, record, type StackOutcome, stamp, type Target } from './delivery.ts';
import type { Verified } from './verification.ts';

export interface Attempt {
  readonly delivery: Delivery;
  readonly target: Target;
  readonly manifest: ReleaseManifest;
  readonly attempt: string;
  /** What the stack goes back to when this fails; absent on a first deployment, or when the ledger does not know it. */
  readonly replaced: ReleaseManifest | undefined;
  /** What the stack's outputs said before. */
  readonly before: DeployedService | undefined;
  readonly startedMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a stage came to. */
export interface Proof extends Verified {
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly service?: DeployedService | undefined;
}

/** The last fact of the attempt, and its outcome. */
export async function settle(
  attempt: Attempt,
  state: DeploymentState,
  proof: Proof,
  reason?: string,
): Promise<StackOutcome> {
  const { delivery, target, manifest, replaced, startedMs } = attempt;
  const seconds = (delivery.clock.now() - startedMs) / 1000;
  const { service, checks, predictions } = proof;
  await note(attempt, state, {
    seconds,
    reason,
    ...(state === 'healthy' && service !== undefined ? { endpoint: service.endpoint, revision: service.revision } : {}),
  });
  say(attempt, `${state} after ${seconds.toFixed(1)} s${reason === undefined ? '' : `: ${reason}`}`);
  const earlier = replaced === undefined ? null : releaseIdOf(replaced);
  return {
    stack: target.stack.name,
    state,
    seconds,
    checks,
    runs: state === 'healthy' ? releaseIdOf(manifest) : state === 'reverted' || state === 'skipped' ? earlier : null,
    ...(reason === undefined ? {} : { reason }),
    ...(service === undefined ? {} : { endpoint: service.endpoint }),
    ...(predictions === undefined ? {} : { predictions }),
  };
}

export async function note(
  attempt: Attempt,
  state: DeploymentState,
  more: Partial<Omit<FactOf<'deployment'>['body'], 'reason'>> & { reason?: string | undefined } = {},
): Promise<void> {
  const { delivery, target, manifest, replaced } = attempt;
  const { reason, ...rest } = more;
  await record(delivery, {
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
      ...(reason === undefined ? {} : { reason }),
    },
  });
}

export async function noteVerification(
  delivery: Delivery,
  target: Target,
  manifest: ReleaseManifest,
  { checks }: Pick<Verified, 'checks'>,
): Promise<void> {
  await record(delivery, {
    ...stamp(delivery),
    kind: 'verification',
    environment: target.stack.environment,
    stack: target.stack.name,
    release: releaseIdOf(manifest),
    body: { outcome: outcomeOf(checks), checks: [...checks] },
  });
}

export function say({ delivery, target }: Attempt, message: string): void {
  delivery.report({ stack: target.stack.name, message });
}
