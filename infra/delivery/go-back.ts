// Putting back what a stack ran before: by the same road and the same proof as everything else.
import { DeliveryError } from '../contract/errors.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { type Attempt, GivesWay, note, noteProof, type Proof, say, settle } from './attempt.ts';
import { proverFor, type StackOutcome } from './delivery.ts';
import { overtaking } from './environment-state.ts';
import { settingsOf } from './settings.ts';
import { baselineFor, deployTwice, proveTwice, rejected } from './stage.ts';

/** After a release proved bad on its stack: back to what it replaced, or left as it is where the policy says so. */
export async function goBack(attempt: Attempt, bad: Proof): Promise<StackOutcome> {
  const { delivery, target, replaced, road } = attempt;
  const other = overtaking(await delivery.ledger.facts(), target.stack.name, attempt.attempt);
  if (other !== undefined) {
    return settle(attempt, 'skipped', bad, `${bad.reason}; overtaken by ${other}, which is left as it is`, other);
  }
  if (road.onTargetFailure === 'hold' && replaced !== undefined) {
    return settle(attempt, 'failed', bad, `${bad.reason}; left as it is, as policy.yaml says: npx trireme rollback`);
  }
  await note(attempt, 'failed', { reason: bad.reason });
  say(attempt, `failed: ${bad.reason}`);
  if (replaced === undefined) {
    return settle(
      attempt,
      'failed',
      bad,
      `${bad.reason}; nothing ran here before that it could go back to${firstTryAgain(attempt)}`,
    );
  }
  return putBack(attempt, replaced, bad);
}

/** @param bad why: its reason stands before what became of going back. */
export async function putBack(attempt: Attempt, replaced: ReleaseManifest, bad: Proof): Promise<StackOutcome> {
  const earlier = releaseIdOf(replaced);
  say(attempt, `going back to ${earlier}`);
  const proof = await revert(attempt, replaced);
  // That it could not be put back says nothing about the release: it must stay one that can be rolled back to.
  if (proof.outcome === 'passed') await noteProof(attempt, replaced, proof);
  return proof.outcome === 'passed'
    ? settle(attempt, 'reverted', bad, `${bad.reason}; runs ${earlier} again`)
    : settle(attempt, 'revert-failed', bad, `${bad.reason}; going back to ${earlier} failed: ${proof.reason}`);
}

/** Where a service that could not be created takes no update, it has to go before the next try. */
function firstTryAgain({ delivery, target, before }: Attempt): string {
  const { failedCreate } = proverFor(delivery, target).runtime;
  return failedCreate.value === 'service-failed' && before === undefined
    ? `; before the next try: npx trireme destroy --stack ${target.stack.name}`
    : '';
}

async function revert(attempt: Attempt, replaced: ReleaseManifest): Promise<Proof> {
  try {
    const { deployer } = attempt.delivery;
    const now = await deployer.deployed(attempt.target.stack);
    const facts = await attempt.delivery.ledger.facts();
    const { runtime } = settingsOf(attempt.delivery, attempt.target, facts, releaseIdOf(replaced), now);
    const back = { ...attempt, before: now, target: { ...attempt.target, runtime } };
    const baseline = await baselineFor(back, replaced);
    const result = await deployTwice(back, replaced, { stage: 'live' }, { asReleased: true });
    if (result.outcome === 'rejected' || result.service === undefined) return rejected(result);
    return await proveTwice(back, replaced, result.service, 'live', baseline);
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted' || error instanceof GivesWay) throw error;
    return { checks: [], outcome: 'errored', reason: error.message };
  }
}
