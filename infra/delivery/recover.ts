// After jobs that were lost: what really runs is read and proven, and the ledger told. Nothing is deployed; only a candidate that still has
// some of the traffic loses it first.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf, NewFact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService } from '../contract/service.ts';
import type { Environment, StackName } from '../contract/stack.ts';
import { outcomeOf, reasonOf } from '../contract/verification.ts';
import { type Attempt, deploymentFact, GivesWay, noteVerification, settle } from './attempt.ts';
import {
  type Delivery,
  type DeliveryOptions,
  persist,
  proverFor,
  runningOn,
  stamp,
  type Target,
  targetsIn,
} from './delivery.ts';
import { type StackTruth, stackTruth } from './environment-state.ts';
import { rotationWord } from './once-more.ts';
import { recoveryOf } from './promotion-state.ts';
import { settleAll } from './settle.ts';
import { shareLeft, withdraw } from './share.ts';
import { findRelease } from './stack-state.ts';
import { verifyService } from './verification.ts';

export interface Recovered {
  readonly stack: StackName;
  /** `known`: nothing to recover. `found`: it runs `runs`, proven. `busy`: its job may be alive. `unknown`: nobody can tell. */
  readonly outcome: 'known' | 'found' | 'busy' | 'unknown';
  readonly runs: string | null;
  readonly reason?: string;
  /** What ended badly there was a rotation of secrets: whatever runs may still have the values from before. */
  readonly rotation?: boolean;
  /** Locks of processes that are provably gone, which were removed; and others, which stay. */
  readonly removedLocks: readonly string[];
  readonly heldLocks: readonly string[];
}

export interface RecoverOptions extends DeliveryOptions {
  /** The caller knows that the jobs are gone, however lately they spoke. */
  readonly gone?: boolean | undefined;
}

/** Looks at every stack whose newest attempt has no end, or whose end told nothing. Safe to ask again. */
export async function recover(
  delivery: Delivery,
  environment: Environment,
  options: RecoverOptions = {},
): Promise<readonly Recovered[]> {
  const targets = targetsIn(delivery, environment, options.stacks);
  return settleAll(targets.map((target) => recoverStack(delivery, target, options)));
}

async function recoverStack(delivery: Delivery, target: Target, options: RecoverOptions): Promise<Recovered> {
  const { stack } = target;
  const { removed = [], held = [] } = (await delivery.deployer.freeLock?.(stack)) ?? {};
  const common = { stack: stack.name, removedLocks: removed, heldLocks: held };
  let truth = stackTruth(await delivery.ledger.facts(), stack.name, delivery.clock.now());
  if (truth.knows === 'release' || truth.knows === 'nothing') return { ...common, outcome: 'known', runs: truth.runs };
  // A lock whose owner was gone belonged to the job that is silent.
  const alive = truth.knows === 'under-way' && removed.length === 0 && options.gone !== true;
  if (alive || held.length > 0) {
    const reason = held.length > 0 ? `locked by ${held.join(', ')}` : (truth.why ?? 'under way');
    return { ...common, outcome: 'busy', runs: null, reason };
  }
  const left = await sharedStill(delivery, target, truth);
  if (left !== undefined) {
    const problem = await loseShare(delivery, target, left, options.signal);
    if (problem === overtaken) return { ...common, outcome: 'busy', runs: null, reason: overtaken };
    if (problem !== undefined) return { ...common, outcome: 'unknown', runs: null, reason: problem };
    truth = stackTruth(await delivery.ledger.facts(), stack.name);
  }
  delivery.report({ stack: stack.name, message: `reading what runs: ${truth.why}` });
  const rotation = wasRotation(await delivery.ledger.facts(), truth) ? { rotation: true } : {};
  const found = await whatRuns(delivery, target, truth, options.signal);
  const told = await tell(delivery, target, truth, found);
  if (!told) return { ...common, outcome: 'busy', runs: null, reason: overtaken };
  if (typeof found === 'string') return { ...common, ...rotation, outcome: 'unknown', runs: null, reason: found };
  return { ...common, ...rotation, outcome: 'found', runs: releaseIdOf(found.manifest) };
}

function wasRotation(facts: readonly Fact[], { attempt }: StackTruth): boolean {
  return facts.some(
    ({ kind, body }) =>
      kind === 'deployment' && body.attempt === attempt && body.reason?.startsWith(rotationWord) === true,
  );
}

/** By the ledger's words, or by the stack's outputs: a job may have died, or been refused, on the way from the share to all. */
async function sharedStill(
  delivery: Delivery,
  { stack }: Target,
  { attempt }: StackTruth,
): Promise<FactOf<'deployment'> | undefined> {
  const facts = await delivery.ledger.facts();
  const told = shareLeft(facts, attempt ?? '');
  if (told !== undefined) return told;
  try {
    const service = await delivery.deployer.deployed(stack);
    const last = facts.findLast((fact) => fact.kind === 'deployment' && fact.body.attempt === attempt);
    if (service?.sharePercent === undefined || last?.kind !== 'deployment') return undefined;
    return { ...last, body: { ...last.body, sharePercent: service.sharePercent } };
  } catch (error) {
    // It is asked again, and then told.
    if (error instanceof DeliveryError && error.code !== 'interrupted') return undefined;
    throw error;
  }
}

const overtaken = 'something else began there meanwhile';

/**
 * A job died while its candidate had some of the traffic: it loses that, and what was live before has all again. An attempt of its own,
 * because the cloud is touched. @returns what was in the way.
 */
async function loseShare(
  delivery: Delivery,
  target: Target,
  left: FactOf<'deployment'>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const facts = await delivery.ledger.facts();
  const { attempt: lost, replaced, sharePercent } = left.body;
  const attempt: Attempt = {
    delivery,
    target,
    manifest: findRelease(facts, left.release),
    attempt: recoveryOf(lost),
    road: {},
    replaced: replaced === null ? undefined : findRelease(facts, replaced),
    before: undefined,
    startedMs: delivery.clock.now(),
    cloud: { touched: false },
    signal,
  };
  let isNewest = false;
  await persist(delivery, (current) => {
    isNewest = stackTruth(current, target.stack.name).attempt === lost;
    // As the attempt that was lost had it: should this one be lost too, the next knows what to do.
    const stage = { stage: 'share', sharePercent, reason: 'recover: its share is taken back' } as const;
    return isNewest ? [deploymentFact(attempt, 'updating', stage)] : [];
  });
  if (!isNewest) return overtaken;
  delivery.report({ stack: target.stack.name, message: `taking back the ${sharePercent} % of ${left.release}` });
  try {
    const problem = await withdraw(attempt);
    if (problem === undefined) return undefined;
    const { reason } = await settle(attempt, 'unknown', { checks: [], outcome: 'errored' }, `recover: ${problem}`);
    return reason ?? problem;
  } catch (error) {
    if (error instanceof GivesWay) return overtaken;
    throw error;
  }
}

interface Found {
  readonly manifest: ReleaseManifest;
  readonly service: DeployedService;
}

/** What is proven to run, or why nobody can tell. */
async function whatRuns(
  delivery: Delivery,
  target: Target,
  truth: StackTruth,
  signal: AbortSignal | undefined,
): Promise<Found | string> {
  const facts = await delivery.ledger.facts();
  try {
    const service = await delivery.deployer.deployed(target.stack);
    if (service === undefined) return 'its outputs name no service, and a first deployment may have left half of one';
    const replaced = facts.findLast((fact) => fact.kind === 'deployment' && fact.body.attempt === truth.attempt);
    const earlier = replaced?.kind === 'deployment' ? replaced.body.replaced : null;
    // The outputs are what Pulumi believes; a platform may have gone back by itself, or the state was never written.
    const names = new Set([service.release.releaseId, truth.tried, earlier].filter((name) => name !== null));
    const reasons: string[] = [];
    for (const name of names) {
      const manifest = findRelease(facts, name);
      // Asked is what runs, not how the last operation ended: a platform that went back by itself says of that one that it failed.
      const asked = runningOn(target, service);
      const baseline = await proverFor(delivery, asked).baseline(service);
      const verified = await verifyService(delivery, {
        target: asked,
        service,
        manifest,
        stage: 'live',
        baseline,
        signal,
      });
      if (outcomeOf(verified.checks) === 'passed') {
        await noteVerification(delivery, target, manifest, verified);
        return { manifest, service };
      }
      reasons.push(`${name}: ${reasonOf(verified.checks)}`);
    }
    return `none of them is proven: ${reasons.join('; ')}`;
  } catch (error) {
    if (error instanceof DeliveryError && error.code !== 'interrupted') return error.message;
    throw error;
  }
}

/** An attempt of its own, because it is the newest look at the stack. @returns false when another attempt began since. */
async function tell(delivery: Delivery, { stack }: Target, truth: StackTruth, found: Found | string): Promise<boolean> {
  let told = true;
  await persist(delivery, (facts): NewFact[] => {
    const now = stackTruth(facts, stack.name, delivery.clock.now());
    told = now.attempt === truth.attempt;
    if (!told || truth.tried === null) return [];
    const said = typeof found === 'string' ? undefined : releaseIdOf(found.manifest);
    const reason = typeof found === 'string' ? `recover: ${found}` : 'recover: proven to run';
    // Where it answers: it is compared with its siblings there.
    const endpoint = typeof found === 'string' ? {} : { endpoint: found.service.endpoint };
    const last = facts.findLast((fact) => fact.kind === 'deployment' && fact.body.attempt === truth.attempt);
    const replaced = last?.kind === 'deployment' ? last.body.replaced : null;
    const state = said === undefined ? ('unknown' as const) : ('healthy' as const);
    const body = {
      attempt: recoveryOf(truth.attempt ?? ''),
      state,
      replaced: said === replaced ? null : replaced,
      reason,
      ...endpoint,
    };
    const release = said ?? truth.tried;
    return [
      { ...stamp(delivery), kind: 'deployment', environment: stack.environment, stack: stack.name, release, body },
    ];
  });
  return told;
}
