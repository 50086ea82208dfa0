// The first minutes of real traffic: the vendor's own metrics, read while a release is new and judged by the policy.
import { DeliveryError } from '../contract/errors.ts';
import type { Traffic, TrafficReader } from '../contract/ports.ts';
import type { DeployedService } from '../contract/service.ts';
import { type Check, outcomeOf, reasonOf } from '../contract/verification.ts';
import { type Attempt, noteProof, type Proof, say } from './attempt.ts';
import type { Delivery } from './delivery.ts';
import { judgeTraffic } from './watch.ts';

/** Real seconds between two looks. */
const everySeconds = 5;

/** What people met before the deployment, over as long a span as will be watched after it and told of by now. `undefined` where that can't be told. */
export async function trafficBefore(attempt: Attempt): Promise<Traffic | undefined> {
  const { delivery, target, road, before } = attempt;
  const share = road.share === true ? delivery.policy.promotions.share : undefined;
  const reader = readerFor(attempt) ?? (share === undefined ? undefined : delivery.traffic?.[target.runtime]);
  if (reader === undefined || before === undefined) return undefined;
  const toldMs = delivery.clock.now() - reader.lateSeconds * 1000;
  const seconds = Math.max(watchSeconds(delivery), ((share?.minutes ?? 0) * 60) / delivery.timeScale);
  const found = await read(reader, before, toldMs - seconds * 1000, toldMs);
  if (!(found instanceof DeliveryError)) return found;
  say(attempt, `what people met before could not be read: ${found.message}`);
  return undefined;
}

/**
 * Watches a release that is live and proven, until the vendor's metrics have told of the whole span. Ends early once two looks in a row say
 * that it failed. Metrics that can't be read take nothing back: the release is proven, and the check that errored is in the ledger. They
 * excuse nothing either: a bad look before them stands.
 * @returns the proof, with what was watched added.
 */
export async function watchTraffic(attempt: Attempt, live: Proof, before: Traffic | undefined): Promise<Proof> {
  const reader = readerFor(attempt);
  const { service } = live;
  if (reader === undefined || service === undefined) return live;
  const forSeconds = watchSeconds(attempt.delivery);
  return watchWith(attempt, live, { reader, service, before, forSeconds, of: 'live' });
}

/**
 * The same for a candidate that has a share; but it gets the rest on evidence only: metrics that can't be read at the end are `errored`.
 * On a runtime without anybody who could read them the time passes all the same.
 */
export async function watchShare(attempt: Attempt, shared: Proof, before: Traffic | undefined): Promise<Proof> {
  const { delivery, target, signal } = attempt;
  const { service } = shared;
  const forSeconds = ((delivery.policy.promotions.share?.minutes ?? 0) * 60) / delivery.timeScale;
  const reader = delivery.traffic?.[target.runtime];
  if (reader !== undefined && service !== undefined) {
    return watchWith(attempt, shared, { reader, service, before, forSeconds, of: 'candidate' });
  }
  await delivery.clock.sleep(forSeconds * 1000, signal);
  return shared;
}

interface Watched {
  readonly reader: TrafficReader;
  readonly service: DeployedService;
  readonly before: Traffic | undefined;
  readonly forSeconds: number;
  /** Whose requests. */
  readonly of: 'live' | 'candidate';
}

async function watchWith(attempt: Attempt, live: Proof, watched: Watched): Promise<Proof> {
  const { reader, service, before, forSeconds, of } = watched;
  const { delivery, signal } = attempt;
  const { clock, policy } = delivery;
  const rule = policy.watch;
  const untilSeconds = forSeconds + reader.lateSeconds;
  say(attempt, `watching traffic for ${wordsFor(forSeconds, reader.lateSeconds)}`);
  const beganMs = clock.now();
  const pauseMs = Math.min(everySeconds, forSeconds) * 1000;
  const source = `the vendor's metrics of ${service.endpoint}`;
  let bad: readonly Check[] = [];
  let badLooks = 0;
  let checks: readonly Check[];
  for (;;) {
    await clock.sleep(pauseMs, signal);
    const now = clock.now();
    const seconds = (now - beganMs) / 1000;
    const after = await read(reader, service, beganMs, now, of);
    if (after instanceof DeliveryError) {
      // Who could not look again has nothing to say against what was seen before.
      checks = [...bad, unreadable(after, seconds, source)];
    } else {
      checks = judgeTraffic({ before, after, rule, seconds, source });
      bad = outcomeOf(checks) === 'failed' ? checks : [];
      badLooks = bad.length > 0 ? badLooks + 1 : 0;
    }
    if (badLooks >= 2 || seconds >= untilSeconds) break;
  }
  await noteProof(attempt, attempt.manifest, { checks: [...live.checks, ...checks] });
  const found = outcomeOf(checks);
  const outcome = found === 'errored' && of === 'live' ? 'passed' : found;
  return { ...live, outcome, checks: [...live.checks, ...checks], reason: reasonOf(checks) };
}

/** Watching is waiting: emulated clouds shorten it as they shorten every other wait. */
function watchSeconds({ policy, timeScale }: Delivery): number {
  return policy.watch.seconds / timeScale;
}

function wordsFor(seconds: number, lateSeconds: number): string {
  const told = `${Math.round(seconds * 10) / 10} s`;
  return lateSeconds === 0 ? told : `${told}; the vendor's metrics tell of it up to ${lateSeconds} s later`;
}

function readerFor({ delivery, target, road }: Attempt): TrafficReader | undefined {
  return road.watch === true && delivery.policy.watch.seconds > 0 ? delivery.traffic?.[target.runtime] : undefined;
}

async function read(
  reader: TrafficReader,
  service: DeployedService,
  fromMs: number,
  toMs: number,
  of: 'live' | 'candidate' = 'live',
): Promise<Traffic | DeliveryError> {
  try {
    return await reader.read(service, fromMs, toMs, of);
  } catch (error) {
    if (error instanceof DeliveryError && error.code !== 'interrupted') return error;
    throw error;
  }
}

function unreadable(error: DeliveryError, seconds: number, source: string): Check {
  return {
    name: 'traffic-errors',
    outcome: 'errored',
    expected: "the vendor's metrics of people's requests",
    found: error.message,
    seconds,
    source,
  };
}
