// Deploying to a stage and proving it there: what could not be told is tried once more.
import { DeliveryError } from '../contract/errors.ts';
import type { Baseline, DeploymentResult } from '../contract/ports.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService, Stage, Staged } from '../contract/service.ts';
import { type Check, outcomeOf, reasonOf } from '../contract/verification.ts';
import { type Attempt, beforeAnything, GivesWay, isPassing, note, noteProof, type Proof, say } from './attempt.ts';
import { proverFor } from './delivery.ts';
import { overtaking } from './environment-state.ts';
import { retryOf } from './retry.ts';
import { isAsMade, settingsOf } from './settings.ts';
import { stackFileOf } from './stack-state.ts';
import { verifyService } from './verification.ts';

/** Deploys to a stage and proves it there. What could not be told is tried once more. */
export async function stage(attempt: Attempt, where: Staged): Promise<Proof> {
  const { manifest } = attempt;
  say(attempt, deploying[where.stage](releaseIdOf(manifest), where));
  const baseline = await baselineFor(attempt, manifest);
  const result = await deployTwice(attempt, manifest, where, attempt.road);
  return proven(attempt, where, result, baseline);
}

const deploying: Readonly<Record<Stage, (release: string, staged: Staged) => string>> = {
  candidate: (release) => `deploying ${release} beside what is live`,
  share: (release, { sharePercent }) => `giving ${release} ${sharePercent} % of the traffic`,
  live: (release) => `deploying ${release}`,
};

const proving: Readonly<Record<Stage, string>> = {
  candidate: 'proving it there',
  share: 'proving its share',
  live: 'proving',
};

async function proven(attempt: Attempt, where: Staged, result: DeploymentResult, baseline: Baseline): Promise<Proof> {
  const { manifest } = attempt;
  if (result.outcome === 'rejected' || result.service === undefined) {
    const refusal = rejected(result);
    await noteProof(attempt, manifest, refusal);
    return refusal;
  }
  await note(attempt, 'proving', where.stage === 'live' ? {} : { ...where, reason: stageInWords(where) });
  if (isUnchanged(attempt, where, result.service)) return { checks: [], outcome: 'passed', service: result.service };
  say(attempt, proving[where.stage]);
  const proof = await proveTwice(attempt, manifest, result.service, where.stage, baseline);
  await noteProof(attempt, manifest, proof);
  return proof;
}

/** The release that is live already, with nothing changed: there is no candidate to be proven beside it. */
function isUnchanged({ before, manifest }: Attempt, { stage }: Staged, service: DeployedService): boolean {
  return (
    stage === 'candidate' &&
    service.candidateEndpoint === undefined &&
    before?.release.releaseId === releaseIdOf(manifest)
  );
}

/** What a fact says of a stage before the last; the last one needs no words. */
export function stageInWords({ stage, sharePercent }: Staged): string | undefined {
  if (stage === 'live') return undefined;
  return stage === 'candidate'
    ? 'beside the live release, without traffic'
    : `with ${sharePercent} % of the traffic; the release before it has the rest`;
}

/**
 * Read before `up`, and once for both tries, so that an earlier operation is never taken for this one. A release that is there
 * already may cause no operation at all, unless its secrets are rotated: then whatever the control plane shows last counts, but where somebody
 * changed the cloud: that was no deployment of ours.
 */
export async function baselineFor(
  { delivery, target, before, road }: Attempt,
  manifest: ReleaseManifest,
): Promise<Baseline> {
  const isOurs = road.secrets === undefined && road.restores === undefined;
  const alreadyThere = before?.release.releaseId === releaseIdOf(manifest) && isOurs;
  return proverFor(delivery, target).baseline(alreadyThere ? undefined : before);
}

/**
 * @param road `stops` is asked besides whether another attempt has the stack; going back asks nothing else. `asReleased`: with the
 * settings that the release was made with, not with those of this checkout, which may be what was bad.
 * @throws DeliveryError `GivesWay` before anything was touched; `errored` where the first try may have touched something.
 */
export async function deployTwice(
  attempt: Attempt,
  manifest: ReleaseManifest,
  where: Staged,
  {
    stops,
    asReleased,
    secrets,
    restores,
    mayReplace,
  }: Pick<Attempt['road'], 'stops' | 'asReleased' | 'secrets' | 'restores' | 'mayReplace'> = {},
): Promise<DeploymentResult> {
  const { delivery, target, before, replaced, signal } = attempt;
  const { stack } = target;
  const guard = async () => {
    await mustStillTouch(attempt, stops);
    // From here on what was live may be gone: a share is not taken back unseen any more.
    if (where.stage === 'live') attempt.cloud.sharing = false;
  };
  const options = { report: delivery.report, guard, ...(signal === undefined ? {} : { signal }) };
  const deploy = async () => {
    const facts = await delivery.ledger.facts();
    const asMade = isAsMade({ asReleased, secrets, restores });
    const own = asMade
      ? settingsOf(delivery, target, facts, releaseIdOf(manifest), before, { secrets, restores }).stackFile
      : undefined;
    // What stays live keeps its settings until the candidate is proven.
    const stays = before?.release.releaseId ?? (replaced === undefined ? undefined : releaseIdOf(replaced));
    const isBeside = where.stage !== 'live' && stays !== undefined;
    const live = isBeside ? stackFileOf(facts, stays, stack.name) : undefined;
    const renewed = {
      ...(secrets === undefined ? {} : { secretsAsOf: secrets.asOf }),
      ...retryOf(facts, stack.name, releaseIdOf(manifest), attempt.attempt),
    };
    const files = {
      ...(own === undefined ? {} : { stackFile: own }),
      ...(live === undefined ? {} : { liveStackFile: live }),
    };
    // Only what was approved with that release may take a service away unasked: its own settings, not this checkout's.
    const mayTakeAway = mayReplace === true || (asReleased === true && own !== undefined) ? { mayReplace: true } : {};
    const readsBack = restores === undefined ? {} : { readsBack: true };
    const request = { manifest, ...where, ...renewed, ...files, ...mayTakeAway, ...readsBack };
    return marked(attempt, () => delivery.deployer.deploy(stack, request, options));
  };
  try {
    return await deploy();
  } catch (first) {
    if (!isPassing(first)) throw first;
    say(attempt, `could not tell (${first.message}); trying once more`);
    return deploy().catch((error: unknown) => {
      if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
      throw new DeliveryError('errored', `${first.message}; then: ${error.message}`, {
        cause: error,
        hint: error.hint,
      });
    });
  }
}

/** Notes before it happens that the cloud may change; an error that comes before anything takes the note back. */
async function marked<T>({ cloud }: Attempt, deploy: () => Promise<T>): Promise<T> {
  const { touched } = cloud;
  cloud.touched = true;
  try {
    return await deploy();
  } catch (error) {
    if (error instanceof DeliveryError && beforeAnything.has(error.code)) cloud.touched = touched;
    throw error;
  }
}

async function mustStillTouch(attempt: Attempt, stops: Attempt['road']['stops']): Promise<void> {
  const { delivery, target } = attempt;
  const facts = await delivery.ledger.facts();
  const by = overtaking(facts, target.stack.name, attempt.attempt);
  if (by !== undefined) throw new GivesWay(`overtaken by ${by}, which is left as it is`, by);
  const why = stops?.(facts);
  if (why !== undefined) throw new GivesWay(why);
}

export async function proveTwice(
  attempt: Attempt,
  manifest: ReleaseManifest,
  service: DeployedService,
  where: Stage,
  baseline: Baseline,
): Promise<Proof> {
  const { delivery, target, signal } = attempt;
  const prove = () => verifyService(delivery, { target, service, manifest, stage: where, baseline, signal });
  let verified = await prove();
  if (outcomeOf(verified.checks) === 'errored') {
    say(attempt, `could not tell (${reasonOf(verified.checks)}); asking once more`);
    verified = await prove();
  }
  return { ...verified, service, outcome: outcomeOf(verified.checks), reason: reasonOf(verified.checks) };
}

/** The vendor refused the resource: bad, whatever still answers at the endpoint. */
export function rejected(result: DeploymentResult): Proof {
  const found = result.diagnostics.join(' ').replace(/\s+/g, ' ').trim() || 'a refusal without a reason';
  const check: Check = {
    name: 'control-plane',
    outcome: 'failed',
    expected: 'the update is accepted',
    found,
    seconds: 0,
    source: 'pulumi up',
  };
  return { checks: [check], outcome: 'failed', reason: found, service: result.service };
}
