// Holding a release and freezing an environment, and the way back from both: one fact each, written only where it changes something.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf, NewFact } from '../contract/fact.ts';
import { releaseIdOf } from '../contract/release.ts';
import type { Environment } from '../contract/stack.ts';
import { type Delivery, stamp } from './delivery.ts';
import { findRelease } from './stack-state.ts';
import { freezeOf, holdOn } from './stop-order.ts';

type StopOffice = Pick<Delivery, 'ledger' | 'clock' | 'actor'>;

/** @throws DeliveryError `unknown-release`; `refused` when it is held already, with who holds it and why. */
export async function holdRelease(office: StopOffice, wanted: string, reason: string): Promise<FactOf<'hold'>> {
  const own = stamp(office);
  return written('hold', office, (facts) => {
    const release = releaseIdOf(findRelease(facts, wanted));
    const before = holdOn(facts, release);
    if (before !== undefined) throw already(`${release} is held by ${before.actor.login}: ${before.body.reason}`);
    return { ...own, kind: 'hold', release, body: { reason: said(reason) } };
  });
}

/** @throws DeliveryError `unknown-release`; `refused` when nothing holds it. */
export async function liftHold(office: StopOffice, wanted: string, reason: string): Promise<FactOf<'unhold'>> {
  const own = stamp(office);
  return written('unhold', office, (facts) => {
    const release = releaseIdOf(findRelease(facts, wanted));
    if (holdOn(facts, release) === undefined) throw already(`nothing holds ${release}`);
    return { ...own, kind: 'unhold', release, body: { reason: said(reason) } };
  });
}

/**
 * A freeze on top of another replaces it: its time or its reason changed. @param untilMs milliseconds since the epoch; for good when absent.
 * @throws DeliveryError `usage` for a time that is over.
 */
export async function freezeEnvironment(
  office: StopOffice,
  environment: Environment,
  reason: string,
  untilMs?: number,
): Promise<FactOf<'freeze'>> {
  const own = stamp(office);
  if (untilMs !== undefined && untilMs <= Date.parse(own.at)) {
    throw new DeliveryError('usage', `expected --until in the future; found ${new Date(untilMs).toISOString()}`, {
      hint: `it is ${own.at} now`,
    });
  }
  const until = untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() };
  return written('freeze', office, () => ({
    ...own,
    kind: 'freeze',
    environment,
    body: { reason: said(reason), ...until },
  }));
}

/** @throws DeliveryError `refused` when no freeze is in force; a window of policy.yaml is lifted there. */
export async function thawEnvironment(
  office: StopOffice,
  environment: Environment,
  reason: string,
): Promise<FactOf<'thaw'>> {
  const own = stamp(office);
  return written('thaw', office, (facts) => {
    if (freezeOf(facts, environment, office.clock.now()) === undefined) {
      throw already(`nobody froze ${environment}; the windows of policy.yaml are changed there`);
    }
    return { ...own, kind: 'thaw', environment, body: { reason: said(reason) } };
  });
}

async function written<K extends 'hold' | 'unhold' | 'freeze' | 'thaw'>(
  kind: K,
  { ledger }: StopOffice,
  decide: (facts: readonly Fact[]) => NewFact,
): Promise<FactOf<K>> {
  const appended = await ledger.append((facts) => [decide(facts)]);
  const found = appended.find((fact): fact is FactOf<K> => fact.kind === kind);
  if (found === undefined) throw new Error(`the ledger did not give back the ${kind} it was given`);
  return found;
}

function already(found: string): DeliveryError {
  return new DeliveryError('refused', `nothing to do: ${found}`, { hint: 'see how things stand: npx trireme status' });
}

function said(reason: string): string {
  const words = reason.trim();
  if (words !== '') return words;
  throw new DeliveryError('usage', 'expected --reason with a reason; found an empty one', {
    hint: 'everyone who is stopped by it reads it',
  });
}
