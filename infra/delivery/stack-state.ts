// What delivery asks of the ledger about one stack: what it goes back to, what it proved, which release a person means.
import { digestOf } from '../contract/canonical.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import type { StackName } from '../contract/stack.ts';
import { indexOf, onStack } from '../ledger/index-of.ts';
import { currentReleases, deploymentsOf, isVerified, manifestOf, releases } from '../ledger/view.ts';
import { parityAttempt, stackTruth } from './environment-state.ts';

/** The newest deployment fact of a stack: how its last try stands. */
export function lastDeployment(facts: readonly Fact[], stack: StackName): FactOf<'deployment'> | undefined {
  return deploymentsOf(facts, stack)[0];
}

/** The newest fact of a try to put that release there that is more than a word about parity. */
export function newestTry(facts: readonly Fact[], stack: StackName, release: string): FactOf<'deployment'> | undefined {
  return deploymentsOf(facts, stack).find((fact) => fact.release === release && fact.body.attempt !== parityAttempt);
}

/** What a stack is known to run; `undefined` when nothing was deployed, or a deployment is under way, was lost, or ended badly. */
export function runsNow(facts: readonly Fact[], stack: StackName): string | undefined {
  return stackTruth(facts, stack).runs ?? undefined;
}

/**
 * What a failed deployment goes back to. `deployed` is what the stack's own outputs name: it wins (a plain `pulumi up` may have put it
 * there) unless the ledger knows that this very release ended badly on this stack; then the last one proven there does.
 */
export function replacedBy(facts: readonly Fact[], stack: StackName, deployed: string | undefined): string | null {
  if (deployed === undefined) return null;
  const index = indexOf(facts);
  const known = index.release.has(deployed);
  const lastTry = index.tries.get(onStack(stack, deployed))?.[0];
  const good = lastTry === undefined || lastTry.body.state === 'healthy' || runsNow(facts, stack) === deployed;
  return known && good ? deployed : (currentReleases(facts).get(stack)?.release ?? null);
}

/** Was that release live and healthy on this stack at some time, and does its newest verification there still say so? */
export function provenOn(facts: readonly Fact[], stack: StackName, release: string): boolean {
  const tries = indexOf(facts).tries.get(onStack(stack, release));
  const wasLive = tries?.some((fact) => fact.body.state === 'healthy') === true;
  return wasLive && isVerified(facts, release, stack);
}

/** A stack's file as that release had it; `undefined` where the ledger does not hold it: a release made before it did, a stack that was added since. */
export function stackFileOf(facts: readonly Fact[], release: string, stack: StackName): string | undefined {
  const made = indexOf(facts).release.get(release)?.body;
  const text = made?.stackFiles?.[stack];
  return text !== undefined && digestOf(text) === made?.manifest.infra.stackConfigs[stack] ? text : undefined;
}

/**
 * The manifest a person means by an id, a sequence number or `latest`.
 * @throws DeliveryError `unknown-release`, with the nearest id; `digest-mismatch` when the ledger's copy was edited.
 */
export function findRelease(facts: readonly Fact[], wanted: string): ReleaseManifest {
  const made = releases(facts);
  if (made.length === 0) {
    throw new DeliveryError('unknown-release', `expected release \`${wanted}\`; found a ledger without releases`, {
      hint: 'make one: npx trireme release (without an account first: npx trireme emulator up)',
    });
  }
  const meant = wanted === 'latest' ? made[0] : made.find((fact) => String(fact.body.manifest.sequence) === wanted);
  return manifestOf(facts, meant?.release ?? wanted);
}
